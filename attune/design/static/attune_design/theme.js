/* Before the first paint: the theme that this browser chose, if it chose one. */
(function () {
  "use strict";
  try {
    var theme = localStorage.getItem("attune-theme");
    if (theme === "light" || theme === "dark") {
      document.documentElement.dataset.theme = theme;
    }
  } catch (error) {
    /* Storage may be forbidden: the system's own choice then stands. */
  }
})();
