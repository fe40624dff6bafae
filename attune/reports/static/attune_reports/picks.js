// “Select all shown” on the assign screen. Everything works without it, one box at a time.
(() => {
  for (const button of document.querySelectorAll("[data-picks]")) {
    const boxes = () =>
      document.getElementById(button.dataset.picks).querySelectorAll("input[type=checkbox]");
    const count = document.getElementById(button.getAttribute("aria-describedby"));
    const say = () => {
      const chosen = [...boxes()].filter((box) => box.checked).length;
      count.textContent = count.dataset.words.replace("{n}", chosen);
      button.textContent = chosen === boxes().length ? button.dataset.none : button.dataset.all;
    };
    button.hidden = false;
    button.addEventListener("click", () => {
      const target = [...boxes()].some((box) => !box.checked);
      for (const box of boxes()) box.checked = target;
      say();
    });
    document.getElementById(button.dataset.picks).addEventListener("change", say);
    say();
  }
})();
