// Brings how far a job is up to date every two seconds; the whole page once it has ended.
(() => {
  const look = async () => {
    let next = 2000;
    try {
      const response = await fetch(location.href, { credentials: "same-origin" });
      if (!response.ok) throw new Error(String(response.status));
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const fresh = page.getElementById("attune-job");
      const here = document.getElementById("attune-job");
      if (!fresh || !fresh.dataset.attuneJob) {
        location.reload();
        return;
      }
      // The link may have the focus: only what has changed is replaced.
      for (const name of ["p", "progress"]) {
        const old = here.querySelector(name);
        const now = fresh.querySelector(name);
        if (old && now && old.outerHTML !== now.outerHTML) old.replaceWith(now);
      }
    } catch {
      next = 8000; // the line is down: the next look will tell
    }
    setTimeout(look, next);
  };
  setTimeout(look, 2000);
})();
