/* Saves an answer as it is given. Without this script the same form is sent by its buttons.
   Each save carries a number; the server takes none that was overtaken by a later one. */
(function () {
  "use strict";
  var form = document.querySelector("form[data-answer-form]");
  if (!form || !window.fetch || !window.FormData) return;
  var status = form.querySelector("[data-answer-status]") || document.querySelector("[data-answer-status]");
  var sequence = Number(form.dataset.sequence) || 0;
  var pause = null;      // waits a moment for further changes
  var retry = null;      // waits before trying again
  var failures = 0;
  var changes = 0;       // what the learner has changed
  var settled = 0;       // up to which change the server has answered
  var sending = false;
  var address = form.dataset.autosaveUrl;

  function say(state, words) {
    if (!status) return;
    status.dataset.state = state;
    status.textContent = words || status.dataset[state] || "";
  }

  /* What a half-done answer still lacked when the page was opened may be done by now. */
  function sayWhatLacks(words) {
    var note = form.querySelector("[data-answer-lacks]");
    if (!note) return;
    note.hidden = !words;
    if (words) note.querySelector("p").textContent = words;
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
        form.querySelectorAll("input[name=csrfmiddlewaretoken]").forEach(function (input) {
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
    say("saving");
    fetch(address, {
      method: "POST", body: body, credentials: "same-origin", redirect: "manual",
      headers: { Accept: "application/json" }
    }).then(function (answer) {
      return answer.json().catch(function () { return {}; }).then(function (json) {
        sending = false;
        if (json.saved) {
          failures = 0;
          settled = change;
          sequence = Math.max(sequence, json.sequence);
          sayWhatLacks(json.lacks);
          if (settled === changes) say("saved"); else send();
        } else if (answer.status === 401) {
          // The answer stays on the page; its button leads through the sign-in and back.
          say("signedOut", status && status.dataset.signedOut ? "" : json.message);
        } else if (answer.status === 403 && afterToken !== true && !json.message) {
          return freshToken().then(function (found) {
            if (found) send(true); else later();
          });
        } else if (json.closed && json.result_url) {
          settled = change;
          say("refused", json.message);
          setTimeout(function () { window.location.assign(json.result_url); }, 4000);
        } else if (answer.status === 409 && json.sequence) {
          // Another tab was faster. What was chosen here last is still the newest wish.
          sequence = Math.max(sequence, json.sequence);
          send();
        } else if (answer.status >= 400 && answer.status < 500) {
          settled = change;
          say("refused", json.message);
        } else {
          later();
        }
      });
    }).catch(function () {
      sending = false;
      later();
    });
  }

  function changed() {
    changes += 1;
    say("saving");  // at once: an earlier "Saved" must not stand beside a new answer
    clearTimeout(pause);
    pause = setTimeout(send, 250);
  }

  form.addEventListener("change", changed);
  form.addEventListener("input", changed);
  form.addEventListener("submit", function () {
    clearTimeout(pause);
    clearTimeout(retry);
    settled = changes;  // the page itself now carries the answer
    var field = form.querySelector("input[name=sequence]");
    if (field) field.value = String(sequence + 1);
  });
  window.addEventListener("attune:leaving", function () { settled = changes; });
  window.addEventListener("online", send);
  window.addEventListener("focus", send);
  window.addEventListener("beforeunload", function (event) {
    if (settled !== changes) event.preventDefault();
  });
}());
