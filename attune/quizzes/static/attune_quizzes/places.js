/* Moves rows by buttons where an order is asked for. The selects stay what is sent: this script
   only keeps them and the rows in step, and tells the page that something changed. */
(function () {
  "use strict";
  document.querySelectorAll("[data-places]").forEach(function (list) {
    var group = list.closest("fieldset");
    var said = group.parentNode.querySelector("[data-places-said]");
    var keep = group.querySelector("[data-keep-order]");
    var telling = false;  // a change of this script's own is on its way through the page
    if (group.disabled) return;

    function rows() { return Array.from(list.children); }
    function placeOf(row) { return row.querySelector("select"); }
    function nameOf(row) { return row.querySelector("label").textContent.trim(); }

    /* The first row cannot go up, nor the last one down. Such a button keeps the focus, which
       a disabled one would drop. */
    function showEnds() {
      var all = rows();
      all.forEach(function (row, index) {
        row.querySelectorAll("[data-move]").forEach(function (button) {
          var end = button.dataset.move === "-1" ? 0 : all.length - 1;
          button.setAttribute("aria-disabled", String(index === end));
        });
      });
      if (keep) keep.hidden = all.every(function (row) { return placeOf(row).value !== ""; });
    }

    function number() {
      rows().forEach(function (row, index) { placeOf(row).value = String(index + 1); });
      showEnds();
    }

    function announce(row) {
      if (!said) return;
      said.textContent = list.dataset.moved
        .replace("{row}", function () { return nameOf(row); })
        .replace("{place}", placeOf(row).value)
        .replace("{total}", String(rows().length));
    }

    function tell(select) {
      telling = true;
      select.dispatchEvent(new Event("change", { bubbles: true }));
      telling = false;
    }

    /* Put a row at a place and give every row the place where it now stands. */
    function move(row, index, control) {
      var others = rows().filter(function (each) { return each !== row; });
      list.insertBefore(row, others[index] || null);
      number();
      control.focus();  // moving an element takes its focus away
      announce(row);
    }

    list.addEventListener("click", function (event) {
      var button = event.target.closest("[data-move]");
      if (!button) return;
      var row = button.closest("li");
      var all = rows();
      var index = all.indexOf(row) + Number(button.dataset.move);
      if (index < 0 || index >= all.length) return;
      move(row, index, button);
      tell(placeOf(row));
    });

    list.addEventListener("change", function (event) {
      if (telling || event.target.tagName !== "SELECT") return;
      if (event.target.value === "") showEnds();
      else move(event.target.closest("li"), Number(event.target.value) - 1, event.target);
    });

    if (keep) {
      keep.querySelector("button").addEventListener("click", function () {
        var first = placeOf(rows()[0]);
        number();
        first.focus();  // the button has gone
        tell(first);
      });
    }

    list.querySelectorAll("[data-move]").forEach(function (button) { button.hidden = false; });
    list.classList.add("places-moving");
    showEnds();
  });
}());
