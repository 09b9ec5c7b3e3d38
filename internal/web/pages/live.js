// What a form says is sent while it is filled in, and the answer takes the
// place of the part that it is about. Without this script the button does it.
"use strict";
for (const form of document.querySelectorAll("form[data-live]")) {
  const part = document.getElementById(form.dataset.live);
  let timer, asked;
  const ask = async () => {
    asked?.abort();
    const mine = (asked = new AbortController());
    part.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(form.action, {
        method: "POST", body: new URLSearchParams(new FormData(form)), headers: { "X-Fragment": "1" },
        credentials: "same-origin", redirect: "error", signal: mine.signal,
      });
      if (!answer.ok) throw new Error(answer.statusText);
      part.innerHTML = await answer.text();
    } catch (e) {
      if (mine.signal.aborted) return;
      part.textContent = "It could not be checked while you typed. The button tries again.";
    }
    part.removeAttribute("aria-busy");
  };
  form.addEventListener("input", (e) => {
    if (e.target.dataset.quiet !== undefined) return;
    clearTimeout(timer);
    timer = setTimeout(ask, 500);
  });
}
