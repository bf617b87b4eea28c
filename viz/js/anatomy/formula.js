// A tree of MathML (viz/formulas.py) as elements; the browser sets it, with whatever mathematical font it has.

let namespace = "";

function formulaOf(tree) {
  namespace ||= new DOMParser().parseFromString("<math></math>", "text/html").querySelector("math").namespaceURI;
  const make = (tag, ...children) => {
    const node = document.createElementNS(namespace, tag);
    node.append(...children);
    return node;
  };
  const build = ([tag, ...rest]) => {
    if (tag === "mspace") {
      const space = make("mspace");
      space.setAttribute("width", rest[0]);
      return space;
    }
    if (typeof rest[0] === "string") return make(tag, rest[0]);
    const node = make(tag, ...rest.map(build));
    if (tag === "mover") node.setAttribute("accent", "true");
    return node;
  };
  const math = make("math", build(tree));
  math.setAttribute("display", "block");
  return math;
}
