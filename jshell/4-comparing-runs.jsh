// %% [markdown]
// # Comparing runs in MLflow and Tablesaw
//
// Three short runs that differ in one setting. Each is logged to the tracking store, where MLflow's own pages show it
// (`cd runs && mlflow server`); here they come back as tables.

// %% tags=["rounding"]
var base = experiment("smoke").with("train.steps=60 train.eval_every=60 train.sample_length=10");
var two = base.with("model.n_experts=2").train();
var four = base.with("model.n_experts=4").train();
var eight = base.with("model.n_experts=8").train();

// %% [markdown]
// `compare` shows the settings that differ and the last value of each loss.

// %% tags=["rounding"]
LabTable comparison = compare(two.id(), four.id(), eight.id());
List<String> names = List.of("param or metric", "2 experts", "4 experts", "8 experts");
for (int i = 0; i < 4; i++) {
    comparison.data().column(i).setName(names.get(i));
}
comparison

// %%
check(comparison.data().stringColumn(0).asList().contains("model.n_experts"), "the setting that differs is there");
check(!comparison.data().stringColumn(0).asList().contains("model.d_model"), "a setting that is equal is not");

// %% [markdown]
// Everything is a Tablesaw table underneath: `.data()`. Here the runs' histories, one below the other, summarised by run.

// %% tags=["rounding"]
Table all = Table.create("all");
for (var each : List.of(two, four, eight)) {
    Table history = each.history().data().copy();
    history.addColumns(StringColumn.create("experts", Collections.nCopies(history.rowCount(), each.model().experiment().model().nExperts() + "")));
    all = all.columnCount() == 0 ? history : all.append(history);
}
all.summarize("cross_entropy", tech.tablesaw.aggregate.AggregateFunctions.first, tech.tablesaw.aggregate.AggregateFunctions.min, tech.tablesaw.aggregate.AggregateFunctions.last).by("experts")

// %%
check(all.rowCount() == 180, "60 steps of three runs");
check(runs().data().rowCount() == 3, "the store has three runs");
check(run(two.id()).params().get("model.n_experts").equals("2"), "the store knows the setting");
check(run(two.id()).status().equals("FINISHED"), "the run is finished");
