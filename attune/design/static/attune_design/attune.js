/* Small comforts on top of pages that work without them: the theme switch, menus that
   close, one submission per press, and the place in a lesson. No dependencies. */
(function () {
  "use strict";

  function cookie(name) {
    var match = document.cookie.match(new RegExp("(?:^|; )" + name + "=([^;]*)"));
    return match ? decodeURIComponent(match[1]) : "";
  }

  /* A token from the cookie survives a sign-in in another tab; the one in the form does not. */
  function send(url, data, keepalive) {
    var field = document.querySelector("input[name=csrfmiddlewaretoken]");
    var token = cookie("csrftoken") || (field && field.value) || "";
    data.delete("csrfmiddlewaretoken");
    return fetch(url, {
      method: "POST",
      body: data,
      credentials: "same-origin",
      redirect: "manual",
      keepalive: Boolean(keepalive),
      headers: { Accept: "application/json", "X-CSRFToken": token, "X-Requested-With": "fetch" },
    });
  }

  /* --- Theme: the system's, unless the reader chose the other one -------------------- */
  function theme() {
    var root = document.documentElement;
    var system = window.matchMedia("(prefers-color-scheme: dark)");
    var buttons = document.querySelectorAll("[data-theme-switch]");
    function showing() {
      return root.dataset.theme || (system.matches ? "dark" : "light");
    }
    function paint() {
      buttons.forEach(function (button) {
        var label = showing() === "dark" ? button.dataset.toLight : button.dataset.toDark;
        button.hidden = false;
        button.dataset.showing = showing();
        button.setAttribute("aria-label", label);
        button.title = label;
      });
    }
    function choose() {
      var wanted = showing() === "dark" ? "light" : "dark";
      var sameAsSystem = wanted === (system.matches ? "dark" : "light");
      if (sameAsSystem) {
        delete root.dataset.theme;
      } else {
        root.dataset.theme = wanted;
      }
      try {
        if (sameAsSystem) {
          localStorage.removeItem("attune-theme");
        } else {
          localStorage.setItem("attune-theme", wanted);
        }
      } catch (error) {
        /* Storage may be forbidden: the choice then lasts for this page. */
      }
      paint();
    }
    buttons.forEach(function (button) {
      button.addEventListener("click", choose);
    });
    system.addEventListener("change", paint);
    paint();
  }

  /* --- Menus: <details> that close on Escape, outside, and when another opens -------- */
  function menus() {
    var all = Array.from(document.querySelectorAll("details[data-menu]"));
    function closeOthers(kept) {
      all.forEach(function (menu) {
        if (menu !== kept) {
          menu.open = false;
        }
      });
    }
    document.addEventListener("click", function (event) {
      closeOthers(event.target.closest("details[data-menu]"));
    });
    document.addEventListener("keydown", function (event) {
      var open = all.find(function (menu) { return menu.open; });
      if (event.key === "Escape" && open) {
        open.open = false;
        open.querySelector("summary").focus();
      }
    });
    all.forEach(function (menu) {
      menu.addEventListener("focusout", function (event) {
        if (event.relatedTarget && !menu.contains(event.relatedTarget)) {
          menu.open = false;
        }
      });
    });
  }

  /* --- One press, one submission; coming back through the history frees the form ------ */
  function once(form) {
    var sent = false;
    form.addEventListener("submit", function (event) {
      if (sent) {
        event.preventDefault();
      }
      sent = true;
    });
    window.addEventListener("pageshow", function () { sent = false; });
  }

  /* --- Place in a lesson: the topmost block in view, told at most every five seconds -- */
  function position(body) {
    var blocks = Array.from(body.querySelectorAll("[data-block]"));
    var told = body.dataset.position || "";
    var waiting = 0;
    function current() {
      var line = window.innerHeight / 3;
      return blocks.reduce(function (found, block) {
        return block.getBoundingClientRect().top <= line ? block.id : found;
      }, "");
    }
    function tell(keepalive) {
      var here = current();
      waiting = 0;
      if (here && here !== told) {
        var data = new FormData();
        data.set("anchor", here);
        told = here;
        send(body.dataset.positionUrl, data, keepalive).catch(function () { told = ""; });
      }
    }
    window.addEventListener("scroll", function () {
      waiting = waiting || setTimeout(tell, 5000);
    }, { passive: true });
    document.addEventListener("visibilitychange", function () {
      if (document.visibilityState === "hidden") {
        clearTimeout(waiting);
        tell(true);
      }
    });
  }

  theme();
  menus();
  document.querySelectorAll("form[method=post]").forEach(once);
  document.querySelectorAll("[data-position-url]").forEach(position);
})();
