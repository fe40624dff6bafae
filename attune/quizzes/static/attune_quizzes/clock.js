/* Counts down what the server said is left, on the browser's steady clock: setting the
   device's time changes nothing, and the server decides anyway. */
(function () {
  "use strict";
  var late = document.querySelector("form[data-hand-in-now]");
  if (late) { late.submit(); return; }
  var clock = document.querySelector("[data-clock]");
  if (!clock) return;
  var shown = clock.querySelector("[data-clock-left]");
  var said = clock.querySelector("[data-clock-said]");
  var total = Number(clock.dataset.secondsLeft);
  var began = performance.now();
  var told = total;

  function tell(left) {
    if (told > 300 && left <= 300) said.textContent = clock.dataset.fiveMinutes;
    if (told > 60 && left <= 60) said.textContent = clock.dataset.oneMinute;
    told = left;
  }

  function tick() {
    var left = Math.max(0, Math.round(total - (performance.now() - began) / 1000));
    shown.hidden = false;
    shown.textContent = Math.floor(left / 60) + ":" + String(left % 60).padStart(2, "0");
    clock.classList.toggle("clock-low", left <= 60);
    tell(left);
    if (left > 0) return;
    clearInterval(timer);
    // A moment for the last answer to be saved; the server grants it too.
    setTimeout(function () {
      window.dispatchEvent(new CustomEvent("attune:leaving"));
      window.location.assign(clock.dataset.overUrl || window.location.href);
    }, 2000);
  }

  var timer = setInterval(tick, 1000);
  tick();
}());
