// The wall's outer face in WebGL: drag to turn, wheel to zoom, shift-drag to move, arrow keys too.
// Draws at once and keeps its picture (preserveDrawingBuffer), so that printing and tests see it.
"use strict";
(function () {
  const box = document.getElementById("viewer");
  const source = document.getElementById("scene");
  if (!box || !source) return;
  const canvas = box.querySelector("canvas");
  const options = { antialias: true, preserveDrawingBuffer: true };
  const second = canvas.getContext("webgl2", options);
  const gl = second || canvas.getContext("webgl", options);
  if (!gl || !(second || gl.getExtension("OES_element_index_uint"))) return; // the still picture stays

  // ---- data -------------------------------------------------------------------------------------
  const scene = JSON.parse(source.textContent);
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer;
  const points = new Float32Array(bytes(scene.points));
  const triangles = new Uint32Array(bytes(scene.triangles));
  const fields = scene.fields.map((f) => ({ ...f, values: new Float32Array(bytes(f.values)), table: new Uint8Array(bytes(f.table)) }));
  const NONE = -1e29;

  function normals() {
    const n = new Float32Array(points.length);
    for (let t = 0; t < triangles.length; t += 3) {
      const [a, b, c] = [3 * triangles[t], 3 * triangles[t + 1], 3 * triangles[t + 2]];
      const u = [0, 1, 2].map((q) => points[b + q] - points[a + q]);
      const v = [0, 1, 2].map((q) => points[c + q] - points[a + q]);
      const w = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
      for (const at of [a, b, c]) for (let q = 0; q < 3; q++) n[at + q] += w[q];
    }
    return n;
  }

  // ---- drawing ----------------------------------------------------------------------------------
  const vertexSource = `
    attribute vec3 position, normal; attribute float value;
    uniform mat3 turn; uniform vec3 view; uniform vec2 shift;  // view: scale x, scale y, depth
    varying vec3 n; varying float v;
    void main() {
      vec3 p = turn * position; n = turn * normal; v = value;
      gl_Position = vec4(p.x * view.x + shift.x, p.y * view.y + shift.y, -p.z * view.z, 1.0);
    }`;
  const fragmentSource = `
    precision highp float;
    uniform sampler2D table; uniform vec2 range; varying vec3 n; varying float v;
    void main() {
      float t = clamp((v - range.x) / (range.y - range.x), 0.0, 1.0);
      vec3 base = v < -1.0e29 ? vec3(0.72, 0.75, 0.78) : texture2D(table, vec2((t * 255.0 + 0.5) / 256.0, 0.5)).rgb;
      vec3 m = normalize(n) * (gl_FrontFacing ? 1.0 : -1.0);
      float light = 0.42 + 0.5 * max(dot(m, normalize(vec3(0.25, 0.45, 0.86))), 0.0) + 0.12 * max(m.z, 0.0);
      gl_FragColor = vec4(base * min(light, 1.06) * (gl_FrontFacing ? 1.0 : 0.62), 1.0);
    }`;
  function shader(kind, text) {
    const s = gl.createShader(kind);
    gl.shaderSource(s, text);
    gl.compileShader(s);
    if (!gl.getShaderParameter(s, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(s));
    return s;
  }
  const program = gl.createProgram();
  gl.attachShader(program, shader(gl.VERTEX_SHADER, vertexSource));
  gl.attachShader(program, shader(gl.FRAGMENT_SHADER, fragmentSource));
  gl.linkProgram(program);
  gl.useProgram(program);
  function attribute(name, data, size) {
    const buffer = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
    const at = gl.getAttribLocation(program, name);
    gl.enableVertexAttribArray(at);
    gl.vertexAttribPointer(at, size, gl.FLOAT, false, 0, 0);
    return buffer;
  }
  attribute("position", points, 3);
  attribute("normal", normals(), 3);
  const valueBuffer = attribute("value", fields[0].values, 1);
  gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
  gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, triangles, gl.STATIC_DRAW);
  gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
  for (const key of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, key, gl.CLAMP_TO_EDGE);
  for (const key of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, key, gl.LINEAR);
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  gl.enable(gl.DEPTH_TEST);
  gl.clearColor(0.973, 0.98, 0.984, 1);
  const place = (name) => gl.getUniformLocation(program, name);
  const at = { turn: place("turn"), view: place("view"), shift: place("shift"), range: place("range") };

  // Rows of `turn`: where screen right, up and towards the viewer point, in LPS.
  const SIDES = scene.sides;
  let turn = Object.values(SIDES)[0], zoom = 1, shift = [0, 0], current = fields[0];

  function scales() {
    const unit = (0.96 * zoom) / scene.radius, wide = canvas.width / canvas.height;
    return wide > 1 ? [unit / wide, unit] : [unit, unit * wide];
  }
  function draw() {
    const ratio = window.devicePixelRatio || 1;
    const [w, h] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)];
    if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
    gl.viewport(0, 0, w, h);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    const [sx, sy] = scales();
    gl.uniformMatrix3fv(at.turn, false, [0, 1, 2].flatMap((c) => turn.map((row) => row[c])));
    gl.uniform3f(at.view, sx, sy, 0.9 / scene.radius);
    gl.uniform2f(at.shift, ...shift);
    gl.uniform2f(at.range, current.low, current.high);
    gl.drawElements(gl.TRIANGLES, triangles.length, gl.UNSIGNED_INT, 0);
    compass();
  }

  // ---- words around the picture ------------------------------------------------------------------
  const letters = box.querySelector(".compass");
  function compass() {
    const names = [["L", "R"], ["P", "A"], ["S", "I"]];
    letters.innerHTML = "";
    names.forEach((pair, axis) => pair.forEach((letter, q) => {
      const sign = q ? -1 : 1;
      const span = document.createElement("span");
      span.textContent = letter;
      span.style.left = `${50 + sign * 38 * turn[0][axis]}%`;
      span.style.top = `${50 - sign * 38 * turn[1][axis]}%`;
      span.style.opacity = 0.35 + 0.65 * Math.max(0, Math.min(1, Math.hypot(turn[0][axis], turn[1][axis]) * 0.8 + sign * turn[2][axis] * 0.6));
      if (Math.hypot(turn[0][axis], turn[1][axis]) > 0.25) letters.appendChild(span);
    }));
  }
  const sig = (x) => (x === 0 ? "0" : Math.abs(x) >= 100 ? String(Math.round(x)) : String(Number(x.toPrecision(3))));
  const unit = (f) => (f.unit ? ` ${f.unit}` : "");
  const bar = box.querySelector(".colourbar");
  function choose(index) {
    current = fields[index];
    gl.bindBuffer(gl.ARRAY_BUFFER, valueBuffer);
    gl.bufferData(gl.ARRAY_BUFFER, current.values, gl.STATIC_DRAW);
    const rgba = new Uint8Array(1024);
    for (let q = 0; q < 256; q++) rgba.set([...current.table.slice(3 * q, 3 * q + 3), 255], 4 * q);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, rgba);
    const stops = Array.from({ length: 17 }, (_, q) => `rgb(${current.table.slice(3 * q * 15, 3 * q * 15 + 3).join(",")}) ${(q * 100) / 16}%`);
    stops[16] = `rgb(${current.table.slice(765, 768).join(",")}) 100%`;
    bar.querySelector(".ramp").style.background = `linear-gradient(to right, ${stops.join(",")})`;
    const ticks = bar.querySelector(".ticks");
    ticks.innerHTML = "";
    for (let q = 0; q <= 4; q++) {
      const span = document.createElement("span");
      span.textContent = sig(current.low + ((current.high - current.low) * q) / 4);
      ticks.appendChild(span);
    }
    bar.querySelector(".name").textContent = current.label + (current.unit ? ` (${current.unit})` : "");
    bar.querySelector(".extent").textContent =
      current.least === undefined ? "" : `here ${sig(current.least)} to ${sig(current.most)}${unit(current)}; beyond the bar: colour of its end`;
    canvas.setAttribute("aria-label", `${current.label} on the outer face of the wall, three-dimensional view`);
    draw();
  }

  // ---- hands -----------------------------------------------------------------------------------
  function rotate(right, up) { // radians about the screen's axes
    const [c, s, d, e] = [Math.cos(right), Math.sin(right), Math.cos(up), Math.sin(up)];
    let [x, y, z] = turn;
    [x, z] = [x.map((v, q) => c * v + s * z[q]), z.map((v, q) => c * v - s * x[q])];
    [y, z] = [y.map((v, q) => d * v - e * z[q]), z.map((v, q) => d * v + e * y[q])];
    turn = [x, y, z];
    draw();
  }
  const held = new Map();
  let spread = 0;
  canvas.addEventListener("pointerdown", (e) => { canvas.setPointerCapture(e.pointerId); held.set(e.pointerId, e); spread = 0; });
  for (const kind of ["pointerup", "pointercancel"]) canvas.addEventListener(kind, (e) => { held.delete(e.pointerId); spread = 0; });
  canvas.addEventListener("pointermove", (e) => {
    const before = held.get(e.pointerId);
    if (!before) return readout(e);
    const [dx, dy] = [e.clientX - before.clientX, e.clientY - before.clientY];
    held.set(e.pointerId, e);
    if (held.size === 2) {
      const [a, b] = [...held.values()];
      const now = Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
      if (spread) zoom = Math.min(20, Math.max(0.4, (zoom * now) / spread));
      spread = now;
      draw();
    } else if (e.shiftKey || e.buttons === 2) {
      shift = [shift[0] + (2 * dx) / canvas.clientWidth, shift[1] - (2 * dy) / canvas.clientHeight];
      draw();
    } else rotate(dx / 140, dy / 140);
  });
  canvas.addEventListener("contextmenu", (e) => e.preventDefault());
  canvas.addEventListener("wheel", (e) => {
    e.preventDefault();
    zoom = Math.min(20, Math.max(0.4, zoom * Math.exp(-e.deltaY / 600)));
    draw();
  }, { passive: false });
  canvas.addEventListener("keydown", (e) => {
    const step = { ArrowLeft: [-0.12, 0], ArrowRight: [0.12, 0], ArrowUp: [0, -0.12], ArrowDown: [0, 0.12] }[e.key];
    if (step) rotate(...step);
    else if (e.key === "+" || e.key === "-") { zoom *= e.key === "+" ? 1.15 : 1 / 1.15; draw(); }
    else return;
    e.preventDefault();
  });

  // Value under the pointer: the nearest node that faces the viewer.
  const told = box.querySelector(".readout");
  function readout(e) {
    const area = canvas.getBoundingClientRect();
    const [px, py] = [(2 * (e.clientX - area.left)) / area.width - 1, 1 - (2 * (e.clientY - area.top)) / area.height];
    const [sx, sy] = scales();
    const reach = 9 / area.height * 2;
    let best = -1, depth = -Infinity;
    for (let q = 0; q < points.length; q += 3) {
      const p = (row) => turn[row][0] * points[q] + turn[row][1] * points[q + 1] + turn[row][2] * points[q + 2];
      if (Math.abs(p(0) * sx + shift[0] - px) * (area.width / area.height) > reach || Math.abs(p(1) * sy + shift[1] - py) > reach) continue;
      const z = p(2);
      if (z > depth) [depth, best] = [z, q];
    }
    if (best < 0) { told.textContent = "\u00a0"; return; }
    const value = current.values[best / 3];
    const where = [0, 1, 2].map((q) => (points[best + q] + scene.centre[q]).toFixed(0)).join(", ");
    told.textContent = `${value < NONE ? "no value" : sig(value) + unit(current)} at ${where} mm (LPS)`;
  }

  // ---- start -------------------------------------------------------------------------------------
  box.classList.add("live"); // shows canvas and controls in place of the still picture
  const menu = box.querySelector("select");
  menu.addEventListener("change", () => choose(menu.selectedIndex));
  for (const button of box.querySelectorAll("button[data-side]"))
    button.addEventListener("click", () => { [turn, zoom, shift] = [SIDES[button.dataset.side], 1, [0, 0]]; draw(); });
  window.addEventListener("resize", draw);
  choose(0);
})();
