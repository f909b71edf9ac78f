"""The interactive view in a headless browser without a network: a canvas is drawn, and shows the vessel."""

import base64
import json
import re
import shutil
import subprocess

import numpy as np
import pytest
from skimage.draw import polygon

from aorta.report.fieldspec import linear_triangles, wall_fields

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine (apt install chromium)")
OFFLINE = "--headless --no-sandbox --disable-gpu --use-angle=swiftshader --enable-unsafe-swiftshader --no-first-run --disable-sync "
OFFLINE += "--disable-background-networking --disable-component-update --proxy-server=127.0.0.1:9 --window-size=1000,900 "

PROBE = """<script>
const canvas = document.querySelector("canvas"), menu = document.querySelector("#viewer select"), told = [];
const flat = document.createElement("canvas");
function look() {
  [flat.width, flat.height] = [canvas.width, canvas.height];
  const context = flat.getContext("2d");
  context.drawImage(canvas, 0, 0);
  const pixels = context.getImageData(0, 0, flat.width, flat.height).data, mask = [];
  let sum = [0, 0, 0], count = 0, x = 0, y = 0;
  for (let q = 0; q < pixels.length; q += 4) {
    if (Math.abs(pixels[q] - 248) + Math.abs(pixels[q + 1] - 250) + Math.abs(pixels[q + 2] - 251) < 12) continue;
    count++; x += (q / 4) % flat.width; y += Math.floor(q / 4 / flat.width);
    for (let c = 0; c < 3; c++) sum[c] += pixels[q + c];
  }
  return { count, x: x / count, y: y / count, colour: sum.map((s) => s / count), width: flat.width, height: flat.height };
}
for (let q = 0; q < menu.options.length; q++) {
  menu.selectedIndex = q;
  menu.dispatchEvent(new Event("change"));
  told.push({ field: menu.value, name: document.querySelector(".colourbar .name").textContent,
    ticks: [...document.querySelectorAll(".ticks span")].map((s) => s.textContent),
    extent: document.querySelector(".colourbar .extent").textContent, ...look() });
}
document.querySelector("button[data-side=left]").click();
told.push({ field: "from the left", ...look() });
const before = canvas.toDataURL();
canvas.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowLeft" }));
told.push({ field: "turned", changed: canvas.toDataURL() !== before, live: document.getElementById("viewer").className,
  loaded: performance.getEntriesByType("resource").map((r) => r.name.slice(0, 30)) });
document.title = "PROBE" + btoa(JSON.stringify(told)) + "END";
</script></body>"""


def browse(text, tmp_path, *flags):
    page = tmp_path / "report.html"
    page.write_text(text, encoding="utf-8")
    command = [CHROMIUM, *OFFLINE.split(), f"--user-data-dir={tmp_path / 'profile'}", *flags, "--dump-dom", page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


@pytest.fixture(scope="module")
def probed(full_html, tmp_path_factory):
    dom = browse(full_html.replace("</body>", PROBE), tmp_path_factory.mktemp("browser"))
    return json.loads(base64.b64decode(re.search(r"PROBE(.+?)END</title>", dom)[1]))


def silhouette(mesh, right, width, height):
    """(pixels covered, mean x, mean y) of the outer face, drawn here by filling its triangles."""
    triangles = linear_triangles(mesh.facets["outer"])
    used = np.unique(triangles)
    centre = (mesh.points[used].max(0) + mesh.points[used].min(0)) / 2
    radius = np.linalg.norm(mesh.points[used] - centre, axis=1).max()
    scale = 0.96 / radius * min(width, height) / 2
    x = width / 2 + scale * (mesh.points - centre) @ np.array(right)
    y = height / 2 - scale * (mesh.points - centre)[:, 2]
    mask = np.zeros((height, width), bool)
    for t in triangles:
        mask[polygon(y[t], x[t], mask.shape)] = True
    rows, columns = np.nonzero(mask)
    return mask.sum(), columns.mean(), rows.mean()


def test_every_field_is_drawn_with_its_colour_bar(probed, full):
    shown = probed[:6]
    assert [s["field"] for s in shown] == [s["name"] for s in shown]
    assert [s["name"] for s in shown] == [
        "First principal stress (kPa)",
        "Von Mises stress (kPa)",
        "Wall strength (kPa)",
        "Rupture index",
        "Thrombus thickness (mm)",
        "Displacement from the scan to systole (mm)",
    ]
    assert shown[0]["ticks"] == ["0", "100", "200", "300", "400"] and shown[3]["ticks"] == ["0", "0.25", "0.5", "0.75", "1"]
    outer = full.mesh.facets["outer"]
    values = wall_fields(full)["max_principal_kPa"][np.unique(outer)]
    assert shown[0]["extent"].startswith(f"here {values.min():.3g} to {values.max():.3g} kPa")
    for a in range(6):
        for b in range(a):
            assert np.abs(np.subtract(shown[a]["colour"], shown[b]["colour"])).max() > 0.5, (shown[a]["name"], shown[b]["name"])


def test_the_vessel_stands_where_it_should(probed, full):
    width, height = probed[0]["width"], probed[0]["height"]
    for seen, right in ((probed[0], (1, 0, 0)), (probed[6], (0, 1, 0))):  # from the front; from the patient's left
        count, x, y = silhouette(full.mesh, right, width, height)
        assert seen["count"] == pytest.approx(count, rel=0.03)
        assert (seen["x"], seen["y"]) == pytest.approx((x, y), abs=1.5)


def test_keys_turn_it_and_nothing_was_loaded(probed):
    assert probed[7]["changed"] is True and probed[7]["live"] == "live"
    assert [name for name in probed[7]["loaded"] if not name.startswith("data:")] == []


def test_without_webgl_the_still_picture_stays(full_html, tmp_path):
    dom = browse(full_html, tmp_path, "--disable-3d-apis")
    assert re.search(r'<div id="viewer"( class="")?>', dom) and 'class="live"' not in dom
