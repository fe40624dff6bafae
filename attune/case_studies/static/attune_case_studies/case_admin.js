/* Without this a map begins at its top left, which is empty where it is wider than the screen;
   with it, at the scene that is edited, or at the start of the case. */
const map = document.querySelector(".case-map");
const selected = map?.querySelector("[aria-current]");
const shown = selected || map?.querySelector(".case-tag--start")?.closest(".case-box");
if (shown) {
  const frame = map.getBoundingClientRect();
  const box = shown.getBoundingClientRect();
  map.scrollLeft += box.left + box.width / 2 - frame.left - frame.width / 2;
  if (selected) map.scrollTop += box.top + box.height / 2 - frame.top - frame.height / 2;
}
