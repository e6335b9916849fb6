// A toast stays ten seconds, and as long as it is touched or focused. Undo is also on the row, so nothing hangs on it.
(() => {
  const STAYS = 10000;
  let timer;
  const arm = () => {
    const toast = document.getElementById("toast");
    clearTimeout(timer);
    if (!toast || toast.hidden) return;
    timer = setTimeout(() => {
      if (toast.matches(":hover, :focus-within")) arm(); else toast.hidden = true;
    }, STAYS);
  };
  addEventListener("DOMContentLoaded", arm);
  document.addEventListener("htmx:after:swap", arm);

  // No answer at all: nothing was lost, for the form is still there.
  document.addEventListener("htmx:error", (event) => {
    const source = event.target;
    if (source && source.id === "day") return;
    const toast = document.getElementById("toast");
    const words = document.createElement("p");
    words.textContent = document.documentElement.dataset.notSaved;
    toast.replaceChildren(words);
    toast.hidden = false;
    arm();
  });
})();
