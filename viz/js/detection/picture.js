// The large picture: a map or sampling points, and the boxes over it. Click a box to choose its query, a place to ask
// who looks there.

const RANKED = 5; // queries that a place is shown with
const DISC = 9; // pixels of the heaviest sampling point's radius

class Picture extends Stage {
  move(x, y) {
    const { view } = this;
    if (!view.boxed) return super.move(x, y);
    const over = boxAt(view.payload, view.drawnQueries, x, y, this.box);
    this.panes[0].picture.style.cursor = over === null ? "default" : "pointer";
    return view.hover(over);
  }

  leave() {
    const { view } = this;
    if (view.boxed) view.hover(null);
    else if (view.state.show !== "here") super.leave(); // who looks there can still be chosen from the list
  }

  click(x, y) {
    const { view } = this;
    if (!view.boxed) return super.click(x, y);
    const over = boxAt(view.payload, view.drawnQueries, x, y, this.box);
    return over === null ? undefined : view.choose(over);
  }

  key(event) {
    const { view } = this;
    const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (!view.boxed) return super.key(event);
    if (!step) return undefined;
    const list = view.drawnQueries;
    view.choose(list[(list.indexOf(view.state.query) + step + list.length) % list.length]);
    event.preventDefault();
    return event.stopPropagation();
  }

  paint(pen, over) {
    const { view: { image, state }, box } = this;
    if (over.kind === "map") return super.paint(pen, over);
    drawPicture(pen, image, box);
    if (state.grid === "on" && this.view.pointSide) this.drawGrid(pen, this.view.pointSide);
    if (over.kind === "points") drawPoints(pen, over.points, box, state.scale, DISC);
    return undefined;
  }

  mark(pen, over) {
    const { view, view: { payload, state, font, colourOf }, box } = this;
    [pen.font, pen.textAlign, pen.textBaseline, pen.lineJoin] = [`600 13px ${font}`, "left", "middle", "round"];
    const taken = [];
    const ranked = state.show === "here" ? (view.ranking ?? []).slice(0, RANKED).filter(({ share }) => share > 0) : [];
    if (ranked.length) {
      const top = ranked[0].share;
      for (const { q, share } of [...ranked].reverse()) {
        pen.globalAlpha = 0.3 + 0.7 * Math.sqrt(share / top);
        drawBox(pen, payload.box(q, box), colourOf(q), 2, view.isKept(q) ? [] : [5, 4]);
      }
      pen.globalAlpha = 1;
      ranked.forEach(({ q, text }, i) => drawLabel(pen, `${i + 1}: query ${q} ${text}`, payload.box(q, box), colourOf(q), taken, box));
    } else {
      const quiet = state.show === "encoder" || state.show === "here";
      for (const q of [...view.drawnQueries].reverse()) {
        const on = !quiet && (q === state.query || q === view.hovered);
        pen.globalAlpha = on ? 1 : quiet ? 0.45 : 0.8;
        drawBox(pen, payload.box(q, box), colourOf(q), on ? 3 : 1.5, view.isKept(q) ? [] : [5, 4]);
      }
      pen.globalAlpha = 1;
      const first = [state.query, ...view.drawnQueries.filter((q) => q !== state.query)];
      if (!quiet) first.forEach((q) => drawLabel(pen, `${shorten(shown(payload.label(q)), 16)} ${certain(payload.sure(q))}`, payload.box(q, box), colourOf(q), taken, box));
    }
    if (view.pointable) super.mark(pen, over);
  }

  drawLegend() {
    const [over] = this.view.maps;
    if (over.kind === "map") return super.drawLegend();
    const words = over.kind === "points" ? "a disc for each point that is read, larger and brighter the more it weighs" : "";
    return this.legend.replaceChildren(span("", words), spring());
  }
}
