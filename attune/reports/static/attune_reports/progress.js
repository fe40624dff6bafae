// Brings the progress of a job up to date every two seconds; the whole page once it is done.
(() => {
  const look = async () => {
    let next = 2000;
    try {
      const response = await fetch(location.href, { credentials: "same-origin" });
      if (!response.ok) throw new Error(String(response.status));
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const fresh = page.getElementById("progress");
      if (!fresh || !fresh.querySelector("progress")) {
        location.reload();
        return;
      }
      const bar = document.getElementById("how-far");
      const now = fresh.querySelector("progress");
      bar.max = now.max;
      bar.value = now.value;
      document.querySelector('label[for="how-far"]').textContent =
        fresh.querySelector('label[for="how-far"]').textContent;
    } catch {
      next = 8000; // the line is down: the next look will tell
    }
    setTimeout(look, next);
  };
  setTimeout(look, 2000);
})();
