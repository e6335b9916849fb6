// Today opens with the now line in the upper third, so that the next row lies under the thumb.
(() => {
  const start = () => {
    const now = document.getElementById("now");
    if (!now || location.hash || !document.querySelector("[data-opens-at-now]")) return;
    const scroller = now.closest(".main");
    const fold = (scroller && scroller.scrollHeight > scroller.clientHeight + 1) ? scroller : document.scrollingElement;
    const wanted = now.getBoundingClientRect().top - innerHeight / 3;
    if (wanted > 0) fold.scrollTop += wanted;
  };
  addEventListener("DOMContentLoaded", start, { once: true });
})();
