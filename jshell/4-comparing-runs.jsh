// %% [markdown]
// # Comparing runs in MLflow and Tablesaw
//
// Does a switch layer with four experts do better than one with two? One run of each says little: another seed moves the loss, too. So
// each setting gets three seeds. Every run is written into the book of runs, where MLflow's own pages show it
// (`cd runs && mlflow server`); here they come back as tables.

// %%
Recipe base = experiment("smoke").with("train.steps=60 train.eval_every=60 train.sample_length=10");

// %% tags=["rounding"]
List<TrainedRun> two = IntStream.rangeClosed(1, 3).mapToObj(seed -> base.with("model.n_experts=2").seed(seed).train()).toList();

// %% tags=["rounding"]
List<TrainedRun> four = IntStream.rangeClosed(1, 3).mapToObj(seed -> base.with("model.n_experts=4").seed(seed).train()).toList();

// %% [markdown]
// ## Settings, metrics, paired differences
//
// `compare` sorts runs into settings: runs that differ in nothing but the seed are one. It is what `make compare` shows. Here it takes
// runs; `compare("3f2a", "91bc")` takes ids, `compare("smoke")` all finished runs of an experiment, and `compare(sweep("3f2a"))` a sweep.

// %% tags=["unstable"]
SideBySide comparison = compare(two.get(0), two.get(1), two.get(2), four.get(0), four.get(1), four.get(2));
comparison

// %% tags=["rounding"]
comparison.settings().selectColumns("setting", "mark", "model.n_experts", "runs", "mean", "ci95_low", "ci95_high", "best")

// %%
comparison.runs().selectColumns("name", "setting", "seed", "model.n_experts")

// %%
check(comparison.settings().columnNames().contains("model.n_experts"), "the setting that differs is there");
check(!comparison.settings().columnNames().contains("model.d_model"), "a setting that is equal is not");

// %% tags=["rounding"]
comparison.metrics().where(m -> m.stringColumn("metric").isEqualTo("final/cross_entropy")).selectColumns("setting", "final", "best", "best_step")

// %% [markdown]
// Now the difference B - A seed by seed: mean, and its 95 % confidence interval by Student's t with two degrees of freedom. What a
// seed brings to both settings, such as the order of the batches, cancels. An interval that contains 0 is no difference that three seeds can tell.

// %% tags=["rounding"]
Table losses = comparison.differences().where(d -> d.stringColumn("metric").isEqualTo("final/cross_entropy"));
losses

// %% [markdown]
// By hand, from the runs themselves: the mean difference, and the interval as mean ± t · s / √3 with t = 4.303.

// %% tags=["rounding"]
double[] differences = IntStream.range(0, 3).mapToDouble(i -> four.get(i).validation() - two.get(i).validation()).toArray();
double mean = Arrays.stream(differences).average().getAsDouble();
double deviation = Math.sqrt(Arrays.stream(differences).map(d -> (d - mean) * (d - mean)).sum() / 2);
double half = 4.302653 * deviation / Math.sqrt(3);
System.out.printf(Locale.ROOT, "%s%nmean %.4f, from %.4f to %.4f%n", Arrays.stream(differences).mapToObj(d -> String.format(Locale.ROOT, "%.4f", d)).toList(), mean, mean - half, mean + half);

// %%
check(Math.abs(losses.doubleColumn("mean").get(0) - mean) < 1e-6, "the table's mean difference is the one by hand");
check(Math.abs(losses.doubleColumn("ci95_low").get(0) - (mean - half)) < 1e-5, "and so is the interval");

// %% [markdown]
// ## Histories
//
// Tables are Tablesaw tables. Here the training loss at step 60 of each run, summarised over the seeds.

// %% tags=["rounding"]
Table all = Table.create("all", IntColumn.create("experts"), DoubleColumn.create("cross_entropy"));
for (TrainedRun each : Stream.concat(two.stream(), four.stream()).toList()) {
    Table last = each.history().where(h -> h.intColumn("step").isEqualTo(60));
    all.intColumn("experts").append(each.model().experiment().model().nExperts());
    all.doubleColumn("cross_entropy").append(last.doubleColumn("cross_entropy").get(0));
}
all.summarize("cross_entropy", tech.tablesaw.aggregate.AggregateFunctions.mean, tech.tablesaw.aggregate.AggregateFunctions.min, tech.tablesaw.aggregate.AggregateFunctions.max).by("experts")

// %% [markdown]
// A run of the book is found by its id, the beginning of it, or its name. What the first layer's router did, by step: it becomes surer, and
// the balancing loss keeps the fullest expert from growing.

// %% tags=["rounding"]
history(four.get(0).id(), "layer0/router_entropy", "layer0/confidence", "layer0/max_violation")

// %%
check(runs().rowCount() == 6, "the book has six runs");
check(run(two.get(0).id()).params().get("model.n_experts").equals("2"), "the book knows the setting");
check(run(two.get(0).id()).status().equals("FINISHED"), "the run is finished");
