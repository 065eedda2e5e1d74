"""The page's modules one by one, in Chromium, against NumPy and SciPy."""

import numpy as np
import pytest
from scipy import special, stats

from vaelab import metrics
from vaelab.explorer.bundle import bundle

pytestmark = pytest.mark.browser

MODULES = (
    "functions",
    "maths",
    "store",
    "geometry",
    "sliders",
    "drawing",
    "draw_card",
    "neighbours",
    "contents",
    "saved",
    "network",
    "products",
)


@pytest.fixture(scope="module")
def module(browser):
    """Evaluates JavaScript with one module's exports in scope: (name, expression, argument)."""
    page = browser.new_page()
    for name in MODULES:
        names = bundle(f"{name}.js")
        page.add_script_tag(
            type="module",
            content=f"{names}\nwindow.modules ??= {{}}; window.modules.{name} = module_{name};",
        )

    def run(name, body, argument=None):
        return page.evaluate(f"(argument) => {{ const m = window.modules.{name}; {body} }}", argument)

    yield run
    page.close()


def test_the_priors_distribution_function_and_its_inverse(module):
    x = np.linspace(-6, 6, 401)
    assert module("maths", "return argument.map(m.normalCdf)", x.tolist()) == pytest.approx(
        stats.norm.cdf(x), abs=1e-15
    )
    p = np.linspace(0.0005, 0.9995, 301)
    assert module("maths", "return argument.map(m.normalQuantile)", p.tolist()) == pytest.approx(
        stats.norm.ppf(p), abs=1e-12
    )


def test_erf_is_right_to_the_last_digits(module):
    x = np.concatenate([np.linspace(-8, 8, 321), [1e-10, -1e-300, 0]])
    assert module("functions", "return argument.map(m.erf)", x.tolist()) == pytest.approx(
        special.erf(x), rel=1e-14, abs=1e-300
    )


def test_draws_are_normal(module):
    draws = module("maths", "return Array.from({ length: 20000 }, () => m.drawNormal())")
    assert stats.kstest(draws, "norm").statistic < 0.02


def test_nats_are_those_of_the_library(module):
    rng = np.random.default_rng(0)
    x, p = rng.uniform(size=50), rng.uniform(size=50)
    p[:4], x[:4] = [0, 0, 1, 1], [0, 1, 0, 1]
    found = module("maths", "return m.bernoulliNll(argument[0], argument[1])", [x.tolist(), p.tolist()])
    assert found == pytest.approx(metrics.bernoulli_nll(x[None], p[None])[0])
    mean, log_var = rng.normal(size=6), rng.normal(size=6)
    kl = module(
        "maths", "return m.klByDimension({ mean: argument[0], logVar: argument[1] })", [mean.tolist(), log_var.tolist()]
    )
    z = mean + np.exp(log_var / 2) * rng.normal(size=(400_000, 6))
    monte_carlo = (stats.norm.logpdf(z, mean, np.exp(log_var / 2)) - stats.norm.logpdf(z)).mean(axis=0)
    assert kl == pytest.approx(monte_carlo, abs=0.03)


def test_the_store_calls_each_listener_once_for_what_it_listens_to(module):
    heard = module(
        "store",
        """const store = new m.Store({ a: 1, b: 2, c: 3 }), heard = [];
        store.on("a b", () => heard.push(`ab ${store.get("a")} ${store.get("b")}`));
        store.on("c", () => heard.push("c"), { now: true });
        store.set({ a: 10, b: 20 });
        store.set({ c: 30 });
        return heard;""",
    )
    assert heard == ["c", "ab 10 20", "c"]


def test_after_rest_acts_once_for_many_calls(module):
    count = module(
        "store",
        """let count = 0;
        const act = m.afterRest(30, () => count++);
        for (let k = 0; k < 5; k++) act();
        return new Promise((resolve) => setTimeout(() => resolve(count), 120));""",
    )
    assert count == 1


@pytest.mark.parametrize("unit", ["latent", "quantile"])
def test_the_map_finds_the_point_it_has_drawn(module, unit):
    points = np.random.default_rng(0).uniform(-3.2, 3.2, (40, 2))
    found = module(
        "geometry",
        "const g = m.geometry(3.5, argument[0]); return argument[1].map(([u, v]) => g.at(g.x(u), g.y(v)))",
        [unit, points.tolist()],
    )
    assert np.abs(np.array(found) - points).max() < 1e-9
    edge = module("geometry", "return m.geometry(3.5, argument).at(-100, 1000)", unit)
    assert edge == [-3.5, -3.5], "beyond the frame the point stays on the map"


def test_steps_of_a_slider(module):
    step = "return m.stepped(argument[0], argument[1], argument[2], m.units(3)[argument[3]], 3)"
    assert module("sliders", step, [[0.5, 1], 1, -3, "latent"]) == pytest.approx([0.5, 0.94])
    assert module("sliders", step, [[2.99, 0], 0, 5, "latent"]) == pytest.approx([3, 0])
    moved = module("sliders", step, [[0.5, 1], 0, 10, "quantile"])
    assert moved == pytest.approx([stats.norm.ppf(stats.norm.cdf(0.5) + 0.02), 1])


def test_pencil_and_eraser(module):
    draw = """const values = new Float32Array(28 * 28 * argument[0]).fill(argument[1]);
        m.stroke(values, [28, 28, argument[0]], [4, 14], [24, 14], argument[2]);
        return [...values];"""
    line = np.array(module("drawing", draw, [1, 0, True])).reshape(28, 28)
    assert line[13:15, 5:24].min() == 1 and line[:11].max() == 0 and line[17:].max() == 0
    colour = np.array(module("drawing", draw, [3, 0, True])).reshape(28, 28, 3)
    assert np.array_equal(colour, np.repeat(line[..., None], 3, axis=2))
    assert np.array(module("drawing", draw, [1, 1, False])).reshape(28, 28) == pytest.approx(1 - line, abs=1e-6)
    at_the_edge = module("drawing", "const v = new Float32Array(16); m.dab(v, [4, 4, 1], [0, 0], true); return [...v]")
    assert max(at_the_edge) > 0 and np.isfinite(at_the_edge).all()


def test_the_noise_that_leads_to_a_z_is_the_reparameterisations_inverse(module):
    rng = np.random.default_rng(0)
    mean, log_var, epsilon = rng.normal(size=(3, 5)).tolist()
    z, noise = module(
        "draw_card",
        """const q = { mean: argument[0], logVar: argument[1] }, z = m.reparameterise(q, argument[2]);
        return [z, m.noiseOf(q, z)];""",
        [mean, log_var, epsilon],
    )
    assert z == pytest.approx(np.array(mean) + np.exp(np.array(log_var) / 2) * epsilon)
    assert noise == pytest.approx(epsilon)


def test_the_nearest_images_come_first(module):
    images = np.random.default_rng(0).uniform(size=(20, 9)).astype("float32")
    found = module(
        "neighbours",
        """const images = { image: (k) => argument[0][k] };
        return m.nearestOf(images, argument[0].map((_, k) => k), argument[1]).map(({ index }) => index);""",
        [images.tolist(), images[4].tolist()],
    )
    assert found == np.square(images - images[4]).sum(axis=1).argsort()[:6].tolist()


def test_json_and_buffers_become_contents(module):
    found = module(
        "contents",
        """const header = { shape: [1, 2, 1], latentDim: 1, classes: [{ name: "a" }, { name: "b" }], labels: { buffer: 1, kind: "u1" },
            decoders: [{ posterior: { mean: { buffer: 0, kind: "f4" }, logVar: { buffer: 0, kind: "f4" } } }],
            images: { pixels: { buffer: 2, kind: "u1" }, indices: [0, 2] }, trainImages: null };
        const c = m.openContents(header, [Float32Array.of(0.5, 1, 2).buffer, Uint8Array.of(1, 0, 1).buffer, Uint8Array.of(0, 255, 51, 102).buffer]);
        return [c.imageCount, c.images.has(1), c.images.has(2), [...c.images.image(2)], [...m.posteriorOf(c, 0, 2).mean], m.labelOf(c, 0)];""",
    )
    assert found[:3] == [3, False, True] and found[3] == pytest.approx([0.2, 0.4]) and found[4:] == [[2], "b"]


CONTENTS = """const contents = { latentDim: 2, limit: 3, decoders: [{}, {}], images: { has: () => false }, imageCount: 9,
    labels: null, shape: [1, 1, 1] };"""


def test_an_address_is_read_as_it_was_written(module):
    found = module(
        "saved",
        CONTENTS
        + """const state = { z: [0.25, -1.5], image: { index: 7, changed: false }, active: 1, unit: "quantile" };
        const hash = m.writeAddress({ get: (name) => state[name] }, contents), back = m.readAddress(hash, contents);
        return [hash, back.z, back.image.index, back.active, back.unit];""",
    )
    assert found == ["#z=0.250,-1.500&image=7&decoder=1&unit=quantile", [0.25, -1.5], 7, 1, "quantile"]


@pytest.mark.parametrize(
    ("hash_", "left"),
    [("", {}), ("#z=1", {}), ("#z=1,x", {}), ("#z=,", {}), ("#z=1e999,0", {}), ("#z=9,-9", {"z": [3, -3]}), ("#image=9", {}),
     ("#image=1.5&decoder=2&unit=no", {}), ("#unit=latent&decoder=0", {"unit": "latent", "active": 0})],
)  # fmt: skip
def test_of_an_address_only_what_makes_sense_is_taken(module, hash_, left):
    assert module("saved", CONTENTS + "return m.readAddress(argument, contents)", hash_) == left


NETWORK = """const program = { inputs: 1, shapes: [[2], [2]], steps: [{ op: "activation", in: [0], weights: [], name: "square" }],
    outputs: [1], sizes: [] };"""


def test_a_network_runs_here_at_once(module):
    found = module(
        "network",
        NETWORK
        + """const n = new m.Network({ program, numbers: new Float32Array() }, null, null);
        let seen = null;
        n.ask([2, 3], ([out]) => (seen = [...out]));
        return [n.mode, seen];""",
    )
    assert found == ["page", [4, 9]]


def test_a_network_that_differs_from_keras_is_not_trusted(module):
    found = module(
        "network",
        NETWORK
        + """const examples = { inputs: Float32Array.of(2, 3), outputs: Float32Array.of(4, 9.01) }, asked = [];
        const n = new m.Network({ program, numbers: new Float32Array(), examples }, (input, done) => asked.push([...input]) && done([input]), null);
        let seen = null;
        n.ask([2, 3], ([out]) => (seen = [...out]));
        return [n.mode, n.why, asked, seen];""",
    )
    assert found[0] == "kernel" and "differs from what Keras computes" in found[1] and found[2] == [[2, 3]]


def test_while_the_kernel_is_busy_only_the_latest_request_of_a_channel_waits(module):
    found = module(
        "network",
        """const waiting = [], seen = [];
        const n = new m.Network({ program: null, why: "no" }, (input, done) => waiting.push(() => done([input])), null);
        for (const v of [1, 2, 3]) n.ask([v], ([out]) => seen.push(out[0]));
        n.ask([9], ([out]) => seen.push(out[0]), "other");
        while (waiting.length) waiting.shift()();
        return seen;""",
    )
    assert found == [1, 3, 9]


def test_without_program_and_kernel_nothing_is_answered(module):
    assert (
        module(
            "network",
            "const n = new m.Network({ program: null }, null, null); n.ask([1], () => { throw 1; }); return n.works",
        )
        is False
    )


def test_a_slow_network_goes_to_a_worker_that_gives_the_same(module):
    found = module(
        "network",
        """const size = 1 << 21, shapes = [[1], [size], [size], [1]];
        const program = { inputs: 1, shapes, outputs: [3], sizes: [size], steps: [
            { op: "dense", in: [0], weights: [0], units: size }, { op: "activation", in: [1], weights: [], name: "gelu" },
            { op: "reduce", in: [2], weights: [], kind: "average", outer: 1, size, inner: 1 }] };
        const n = new m.Network({ program, numbers: new Float32Array(size).fill(1) }, null, null);
        return new Promise((resolve) => n.ask([2], ([out]) => resolve([n.mode, out[0]])));""",
    )
    assert found[0] == "worker" and found[1] == pytest.approx(2 * stats.norm.cdf(2))


@pytest.mark.parametrize("there, numbers", [(True, 8192), (False, 10)])
def test_products_are_computed_in_webassembly_where_a_browser_has_it(module, there, numbers):
    """Its memory comes in pages of 64 kB, 8,192 numbers."""
    found = module(
        "products",
        """const kept = globalThis.WebAssembly;
        if (!argument) delete globalThis.WebAssembly;
        const room = new m.Room();
        room.take(10);
        room.open();
        globalThis.WebAssembly = kept;
        return room.numbers.length;""",
        there,
    )
    assert found == numbers
