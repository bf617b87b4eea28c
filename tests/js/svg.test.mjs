// The pen that writes SVG: known calls give known elements, and no text becomes markup.

import assert from "node:assert/strict";
import { test } from "node:test";
import { use } from "./script.mjs";

const { SvgPen, svgColour, escapeXml, fontOf } = use("{ SvgPen, svgColour, escapeXml, fontOf }");
const measure = {
  measureText(text) {
    const rise = { alphabetic: 9, middle: 5, top: 0 }[this.textBaseline];
    return { width: 6 * [...text].length, fontBoundingBoxAscent: rise, fontBoundingBoxDescent: 12 - rise };
  },
};
const embed = (image, crop, size) => `png:${[...crop, ...size.map(Math.round)].join(",")}`;
const pen = () => new SvgPen(200, 100, { measure, font: "Sans", id: "t", embed });
const drawn = (act) => {
  const made = pen();
  act(made);
  made.group("");
  return made.out.join("\n");
};

test("boxes, lines and curves", () => {
  assert.equal(drawn((p) => { p.fillStyle = "rgb(255 0 16)"; p.fillRect(1, 2, 3, 4); }),
    '<rect x="1" y="2" width="3" height="4" fill="#ff0010"/>');
  assert.equal(drawn((p) => {
    [p.strokeStyle, p.globalAlpha, p.lineWidth] = ["#4D4AE6", 0.123, 2.5];
    p.beginPath();
    p.moveTo(0, 1);
    p.bezierCurveTo(1, 2, 3.14159, 4, 5, 6);
    p.stroke();
  }), '<path d="M0 1C1 2 3.14 4 5 6" fill="none" stroke="#4D4AE6" stroke-opacity="0.123" stroke-width="2.5"/>');
  assert.equal(drawn((p) => { p.setLineDash([4, 4]); p.strokeRect(0.5, 0.5, 9, 9); }),
    '<rect x="0.5" y="0.5" width="9" height="9" fill="none" stroke="#000000" stroke-dasharray="4 4"/>');
});

test("nothing is written for what cannot be seen", () => {
  assert.equal(drawn((p) => { p.fillStyle = "transparent"; p.fillRect(0, 0, 9, 9); }), "");
  assert.equal(drawn((p) => { p.beginPath(); p.stroke(); p.moveTo(1, 1); p.stroke(); p.fillText("  ", 0, 0); }), "");
});

test("a circle is four curves that end where they began", () => {
  const path = drawn((p) => { p.beginPath(); p.arc(10, 10, 5, 0, 7); p.fill(); });
  assert.equal(path.match(/C/g).length, 4);
  assert.match(path, /d="M15 10C.* 15 10Z"/);
  const half = drawn((p) => { p.beginPath(); p.arc(0, 0, 10, Math.PI, 0); p.stroke(); });
  assert.match(half, /^<path d="M-10 0C.*C[^C]* 10 0" /);
  assert.match(half, / 0 -10C/); // over the top, as a canvas goes
});

test("moving, turning and going back", () => {
  const made = drawn((p) => {
    p.save();
    p.translate(10, 20);
    p.rotate(-Math.PI / 2);
    [p.textAlign, p.textBaseline, p.font] = ["left", "middle", "600 12px Sans"];
    p.fillText("up", 1, 2);
    p.beginPath();
    p.moveTo(0, 0);
    p.lineTo(5, 0);
    p.stroke();
    p.restore();
    p.fillRect(0, 0, 1, 1);
  });
  const [text, line, box] = made.split("\n");
  assert.equal(text, '<text xml:space="preserve" transform="matrix(0 -1 1 0 16 19)" font-size="12" font-weight="600" fill="#000000">up</text>');
  assert.match(line, /d="M10 20L10 15"/);
  assert.match(box, /<rect x="0" y="0"/);
});

test("text stands where a canvas puts it, whatever its baseline and side", () => {
  const at = (baseline, align, direction = "ltr") => drawn((p) => {
    [p.textBaseline, p.textAlign, p.direction] = [baseline, align, direction];
    p.fillText("abc", 50, 50);
  });
  assert.match(at("alphabetic", "left"), / x="50" y="50" font-size="10" font-family="sans-serif,[^>]*fill="#000000">abc</);
  assert.match(at("middle", "center"), / y="54" .*text-anchor="middle"/);
  assert.match(at("alphabetic", "right"), /text-anchor="end"/);
  assert.match(at("alphabetic", "left", "rtl"), /text-anchor="end" direction="rtl"/);
  assert.doesNotMatch(at("alphabetic", "right", "rtl"), /text-anchor/);
});

test("what is clipped lies in a group, and groups are shared", () => {
  const made = pen();
  made.save();
  made.beginPath();
  made.rect(0, 0, 10, 10);
  made.clip();
  made.fillRect(0, 0, 50, 50);
  made.fillRect(5, 5, 50, 50);
  made.restore();
  made.fillRect(0, 0, 1, 1);
  const file = made.file("A", "b");
  assert.equal(file.match(/<clipPath /g).length, 1);
  assert.equal(file.match(/<g clip-path="url\(#t-0\)">/g).length, 1);
  assert.ok(file.indexOf("</g>") < file.indexOf('width="1"'));
});

test("a piece of a picture is cut out by whole pixels", () => {
  const image = { width: 8, height: 8 };
  assert.match(drawn((p) => p.drawImage(image, 1, 2, 16, 16)), /x="1" y="2" width="16" height="16".*xlink:href="png:0,0,8,8,16,16"/);
  const part = drawn((p) => { p.imageSmoothingEnabled = false; p.drawImage(image, 1.5, 0, 2, 1, 0, 0, 20, 10); });
  assert.match(part, /<g clip-path/); // 1.5 to 3.5: pixels 1 to 4, of which the ends are cut
  assert.match(part, /<image x="-5" y="0" width="30" height="10".*image-rendering:pixelated.*png:1,0,3,1,30,10"/);
  assert.doesNotMatch(drawn((p) => p.drawImage(image, 0, 3, 8, 1, 0, 0, 80, 10)), /clip-path/);
});

test("no text becomes markup, and none that XML forbids gets in", () => {
  const hostile = "</text><script>bad()</script>&\"'\x00\x1b\u202e\ud83d\ufffe";
  assert.equal(escapeXml(hostile), "&#60;/text&#62;&#60;script&#62;bad()&#60;/script&#62;&#38;&#34;&#39;" + "\ufffd".repeat(5));
  assert.equal(escapeXml("שלום 👩‍👩‍👧 e\u0301"), "שלום 👩‍👩‍👧 e\u0301");
  assert.doesNotMatch(drawn((p) => p.fillText(hostile, 0, 0)), /<script/);
  const file = pen().file(hostile, hostile);
  assert.doesNotMatch(file, /<script/);
});

test("colours and fonts as browsers write them", () => {
  const colours = { "#abc": "#aabbcc", "rgb(1, 2, 3)": "#010203", "rgba(255, 0, 0, 0.5)": "#ff0000",
    "color(srgb 1 0.5 0)": "#ff8000", "rgb(0 0 0 / 25%)": "#000000" };
  for (const [css, hex] of Object.entries(colours)) assert.equal(svgColour(css).colour, hex);
  assert.deepEqual([svgColour("rgba(255, 0, 0, 0.5)").alpha, svgColour("rgb(0 0 0 / 25%)").alpha, svgColour("#abc").alpha], [0.5, 0.25, 1]);
  assert.throws(() => svgColour("url(x)"), /the colour url\(x\) is not one/);
  const { style, weight, size, family } = fontOf('normal bold 12.5px "Source Sans", x');
  assert.deepEqual([style, weight, size, family], ["normal", "700", 12.5, '"Source Sans", x']);
});
