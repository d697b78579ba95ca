// A browser gives up what it loads when an address of its own machine comes or goes, which a host of
// containers sees all day. A page without one of its modules would be dead: it is loaded once more.
addEventListener("error", ({ target }) => {
  const tries = history.state?.tries ?? 0;
  if (target === window || tries === 10) return;
  setTimeout(() => {
    history.replaceState({ tries: tries + 1 }, "");
    location.reload();
  }, 300);
}, true);
