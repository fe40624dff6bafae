/* Beside the forms, which work without it: the heading of a new scene gets the focus where a
   browser does not do that by itself, and a choice is not sent into a dead line. */
(function () {
  "use strict";
  var heading = document.querySelector("[data-focus]");
  var problem = document.querySelector(".choice-form [role=alert]");
  if (problem) {
    problem.setAttribute("tabindex", "-1");
    problem.focus();
  } else if (heading && !("autofocus" in HTMLElement.prototype)) {
    heading.focus();
  }

  var form = document.querySelector("[data-choice-form]");
  if (!form) return;
  var status = form.querySelector("[data-choice-status]");
  // Before it reaches the form, which lets itself be submitted once only: what was not sent
  // must not count.
  document.addEventListener("submit", function (event) {
    if (event.target !== form) return;
    if (navigator.onLine === false) {
      event.preventDefault();
      event.stopPropagation();
      status.dataset.state = "refused";
      status.textContent = status.dataset.offline;
    } else {
      delete status.dataset.state;
      status.textContent = status.dataset.sending;
    }
  }, true);
  // Coming back to a kept page must not say that it is still sending.
  window.addEventListener("pageshow", function () { status.textContent = ""; });
}());
