// %% [markdown]
// # What many devices would take
//
// A training step costs computing, and talking: gradients of what all devices have are summed, and tokens travel to the devices that have
// their experts and back. Both can be counted. This page counts them, for the sizes of the paper and of this project; `experiments/results/SCALING.md`
// holds it against what was measured, and says what it leaves out. Change a device or a size and run it again.
//
// Shapes: T tokens a step, R devices, D width, F width of an expert, E experts, L layers, S of them sparse.

// %%
record Size(String name, int d, int inner, int f, int matrices, int layers, int sparse, int experts, long vocabulary) {
    double attention() { return 4.0 * d * inner; }
    double network() { return (double) matrices * d * f; }
    double shared() { return layers * attention() + (layers - sparse) * network() + (double) sparse * d * experts + (double) vocabulary * d; }
    double ofExperts() { return (double) sparse * experts * network(); }
    double active() { return layers * (attention() + network()) + (double) vocabulary * d; }
}

// %% [markdown]
// The paper's four models (table 9), as stacks of their encoder and decoder layers: 24, 48, 48 and 30. Their sums come out as the paper has
// them, if the XXL model has 128 experts, as its published weights do.

// %%
List<Size> paper = List.of(
    new Size("Switch-Base", 768, 768, 2048, 3, 24, 12, 128, 32128),
    new Size("Switch-Large", 1024, 1024, 2816, 3, 48, 24, 128, 32128),
    new Size("Switch-XXL", 4096, 4096, 10240, 3, 48, 24, 128, 32128),
    new Size("Switch-C", 2080, 2048, 6144, 2, 30, 30, 2048, 32128));
Table sizes = Table.create(StringColumn.create("model", paper.stream().map(Size::name)));
sizes.addColumns(
    LongColumn.create("billion", paper.stream().mapToLong(s -> Math.round((s.shared() + s.ofExperts()) / 1e9)).toArray()),
    LongColumn.create("million_shared", paper.stream().mapToLong(s -> Math.round(s.shared() / 1e6)).toArray()),
    LongColumn.create("million_active", paper.stream().mapToLong(s -> Math.round(s.active() / 1e6)).toArray()));
sizes

// %% [markdown]
// A device multiplies at a rate that it sustains, and sends at a rate. Weights, their gradients and Adam's two moments are 16 bytes a weight.
//
// - computing: 6 operations per active weight and token (2 forward, 4 backward), divided among the devices
// - sum: gradients of shared weights, each device sends 2 (R - 1) / R of them, 4 bytes each
// - tokens: per sparse layer four all-to-alls (out and home, forward and backward) of T / R rows of D, 4 bytes each, of which (R - 1) / R leave
// - plan: with `capacity_scope: global` each device gathers all scores, T x E, 4 bytes each, per sparse layer
// - with more devices than experts, groups of E devices have all of them each, and sum the experts' gradients over groups

// %%
record Cluster(double flops, double bytes) {}
record Step(double computing, double sum, double tokens, double plan, double gigabytes) {
    double talking() { return sum + tokens; }
}
Step step(Size s, Cluster c, long t, int r) {
    double away = (r - 1.0) / r;
    int owners = Math.min(r, s.experts());
    int groups = r / owners;
    double own = s.ofExperts() / owners;
    return new Step(
        6 * s.active() * t / r / c.flops(),
        (2 * away * 4 * s.shared() + 2 * (groups - 1.0) / groups * 4 * own) / c.bytes(),
        s.sparse() * 4 * (owners - 1.0) / owners * t / r * s.d() * 4 / c.bytes(),
        s.sparse() * away * t * s.experts() * 4.0 / c.bytes(),
        16 * (s.shared() + own) / 1e9);
}

// %% [markdown]
// A device of 100 TFLOP/s sustained that sends 25 GB/s, 2^20 tokens a step as in the paper. `dense_ms` is what data parallelism alone would
// send, where each device has all experts; times in ms, memory in GB a device.

// %%
Cluster accelerators = new Cluster(100e12, 25e9);
Table devices(List<Size> models, Cluster c, long t, int... counts) {
    Table all = Table.create(StringColumn.create("model"), IntColumn.create("devices"), LongColumn.create("computing_ms"), LongColumn.create("sum_ms"), LongColumn.create("tokens_ms"), LongColumn.create("plan_ms"), LongColumn.create("memory"), LongColumn.create("dense_ms"), LongColumn.create("dense_memory"));
    for (Size s : models) {
        for (int r : counts) {
            Step own = step(s, c, t, r);
            double everything = s.shared() + s.ofExperts();
            all.stringColumn(0).append(s.name());
            all.intColumn(1).append(r);
            double[] values = {1e3 * own.computing(), 1e3 * own.sum(), 1e3 * own.tokens(), 1e3 * own.plan(), own.gigabytes(), 1e3 * 2 * (r - 1.0) / r * 4 * everything / c.bytes(), 16 * everything / 1e9};
            for (int i = 0; i < values.length; i++) all.longColumn(i + 2).append(Math.round(values[i]));
        }
    }
    return all;
}
devices(paper, accelerators, 1 << 20, 8, 64, 2048)

// %% [markdown]
// ## Where they cross
//
// The sum does not get smaller with more devices while computing does, so at a fixed batch there is a number of devices from which
// summing takes longer than computing: 6 A T / (R flops) = 8 N / bytes, with A active and N shared weights. Twice the batch, twice the devices.

// %%
long crossing(Size s, Cluster c, long t) { return Math.round(6 * s.active() * t / c.flops() * c.bytes() / (8 * s.shared())); }
for (Size s : paper) System.out.printf("%-13s %d devices%n", s.name(), crossing(s, accelerators, 1 << 20));

// %% [markdown]
// Model parallelism over m devices splits each matrix, and sums activations twice a layer forward and twice backward: 4 L sums of T m / R rows of
// D, of which a device sends 2 (m - 1) / m. It makes shared weights, and their sum, m times smaller. What it adds over what it saves, for
// m = 2 on 64 devices; below 1 it pays.

// %%
double ratio(Size s, long t, int r, int m) {
    double added = 4.0 * s.layers() * 2 * (m - 1.0) / m * t * m / r * s.d() * 4;
    double saved = 2 * 4 * s.shared() * (1 - 1.0 / m);
    return added / saved;
}
for (Size s : paper) System.out.printf("%-13s %.1f on 64, %.2f on 2048%n", s.name(), ratio(s, 1 << 20, 64, 2), ratio(s, 1 << 20, 2048, 2));

// %%
check(Math.round((paper.get(3).shared() + paper.get(3).ofExperts()) / 1e9) >= 1571, "Switch-C has 1,571 billion parameters");
