// A browser gives up what it loads when an address of its own machine comes or goes, which a host of
// containers sees all day. What is missing is asked for again, as often as that takes, and what has come is
// kept by the browser. A module that was missing once stays so in its document, which is loaded anew.
addEventListener("error", ({ target }) => {
  if (target === window) return;
  const tries = (history.state?.tries ?? 0) + 1;
  const live = document.getElementById("live");
  const isStyle = target.matches("link");
  if (!isStyle && live) live.textContent = "loading again…";
  setTimeout(() => {
    history.replaceState({ tries }, "");
    if (isStyle) target.replaceWith(target.cloneNode());
    else location.reload();
  }, Math.min(tries * 300, 5000));
}, true);
