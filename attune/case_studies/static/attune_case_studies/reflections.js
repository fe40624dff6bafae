/* Saves a reflection while it is written. Without this script each form has its button.
   Each save carries a number; the server takes none that was overtaken by a later one. */
(function () {
  "use strict";
  if (!window.fetch || !window.FormData) return;
  var finish = document.querySelector("form[data-finish-case]");
  var waiting = null;    // the button of the finish form, pressed while a text was on its way

  function watch(form) {
    var status = form.querySelector("[data-answer-status]");
    var count = form.querySelector("[data-words]");
    var field = form.querySelector("textarea");
    var sequence = Number(form.dataset.sequence) || 0;
    var pause = null, retry = null, failures = 0;
    var changes = 0, settled = 0, sending = false;

    function say(state, words) {
      status.dataset.state = state;
      status.textContent = words || status.dataset[state] || "";
    }

    function sayLength() {
      var words = field.value.trim() ? field.value.trim().split(/\s+/).length : 0;
      count.textContent = words === 1 ? count.dataset.one : count.dataset.many.replace("%n", words);
    }

    function later() {
      failures += 1;
      say("trying");
      clearTimeout(retry);
      retry = setTimeout(send, Math.min(30000, 1000 * Math.pow(2, failures - 1)));
    }

    function freshToken() {
      return fetch(window.location.href, { credentials: "same-origin", redirect: "manual" })
        .then(function (answer) { return answer.ok ? answer.text() : ""; })
        .then(function (text) {
          var page = new DOMParser().parseFromString(text, "text/html");
          var token = page.querySelector("input[name=csrfmiddlewaretoken]");
          if (!token) return false;
          document.querySelectorAll("input[name=csrfmiddlewaretoken]").forEach(function (input) {
            input.value = token.value;
          });
          return true;
        });
    }

    function send(afterToken) {
      if (sending || settled === changes) return;
      sending = true;
      clearTimeout(retry);
      var change = changes;
      sequence += 1;
      var body = new FormData(form);
      body.set("sequence", String(sequence));
      fetch(form.action, {
        method: "POST", body: body, credentials: "same-origin", redirect: "manual",
        keepalive: true, headers: { Accept: "application/json" }
      }).then(function (answer) {
        return answer.json().catch(function () { return {}; }).then(function (json) {
          sending = false;
          if (json.saved) {
            failures = 0;
            settled = change;
            sequence = Math.max(sequence, json.sequence);
            if (settled === changes) { say("saved"); goOn(); } else send();
          } else if (answer.status === 401) {
            say("signedOut");
          } else if (answer.status === 403 && afterToken !== true) {
            return freshToken().then(function (found) { if (found) send(true); else later(); });
          } else if (answer.status === 409 && json.sequence) {
            // Another tab was faster. What is typed here last is still the newest wish.
            sequence = Math.max(sequence, json.sequence);
            send();
          } else if (answer.status >= 400 && answer.status < 500) {
            settled = change;
            say("refused", json.message);
          } else {
            later();
          }
        });
      }).catch(function () { sending = false; later(); });
    }

    field.addEventListener("input", function () {
      changes += 1;
      say("saving");  // at once: an earlier "Saved" must not stand beside a new text
      sayLength();
      clearTimeout(pause);
      pause = setTimeout(send, 700);
    });
    field.addEventListener("blur", function () { clearTimeout(pause); send(); });
    form.addEventListener("submit", function () {
      clearTimeout(pause);
      clearTimeout(retry);
      settled = changes;  // the page itself now carries the text
      form.elements.sequence.value = String(sequence + 1);
    });
    window.addEventListener("online", send);
    window.addEventListener("focus", send);
    window.addEventListener("beforeunload", function (event) {
      if (settled !== changes) event.preventDefault();
    });
    return { send: send, isSettled: function () { return settled === changes; } };
  }

  var watched = Array.prototype.map.call(document.querySelectorAll("form[data-reflection]"), watch);

  function allSettled() { return watched.every(function (each) { return each.isSettled(); }); }

  function goOn() {
    if (!waiting || !allSettled()) return;
    var button = waiting;
    waiting = null;
    finish.requestSubmit(button);
  }

  /* What was typed last must be there before the server asks whether it is enough. Caught on
     its way to the form, which takes one press only and must not count this one. */
  if (finish && finish.requestSubmit) document.addEventListener("submit", function (event) {
    if (event.target !== finish || allSettled()) return;
    event.preventDefault();
    event.stopPropagation();
    waiting = event.submitter;
    watched.forEach(function (each) { each.send(); });
  }, true);
}());
