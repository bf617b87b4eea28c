// The sidebar's links: real ones, so that they open in a new tab too; a plain click changes the page without loading it.

export default function ({ parentElement, data, setTriggerValue }) {
  const links = [...parentElement.querySelectorAll("a")];
  for (const link of links) {
    const here = link.dataset.page === data.here;
    if (here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const go = (event) => {
    const link = event.target.closest("a");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    setTriggerValue("go", link.dataset.page);
    if (matchMedia("(max-width: 640px)").matches) { // there it lies over the page
      document.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click();
    }
  };
  const nav = parentElement.querySelector("nav");
  nav.addEventListener("click", go);
  return () => nav.removeEventListener("click", go);
}
