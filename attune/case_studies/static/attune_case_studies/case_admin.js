/* Without this the map beside a scene begins at its top left; with it, at the scene. */
const map = document.querySelector(".case-editor__map .case-map");
const selected = map?.querySelector("[aria-current]");
if (selected) {
  const frame = map.getBoundingClientRect();
  const box = selected.getBoundingClientRect();
  map.scrollLeft += box.left + box.width / 2 - frame.left - frame.width / 2;
  map.scrollTop += box.top + box.height / 2 - frame.top - frame.height / 2;
}
