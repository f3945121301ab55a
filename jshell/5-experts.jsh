// %% [markdown]
// # What experts specialise in
//
// A model trained on The Old Curiosity Shop, and which characters each of its experts takes.

// %% tags=["rounding"]
var run = experiment("smoke").with("train.eval_every=200 train.sample_length=10").train();
run

// %%
String text = """
    Night is generally my time for walking. In the summer I often leave home early in the morning, and roam about
    fields and lanes all day, or even escape for days or weeks together; but, saving in the country, I seldom go out
    until after dark, though, Heaven be thanked, I love its light and feel the cheerfulness it sheds upon the earth, as
    much as any creature living.
    """;
Routes routes = route(text);
text.length()

// %% [markdown]
// The text with its experts below, one line a layer.

// %% tags=["rounding"]
routes

// %% [markdown]
// Is the load even? It is when each bar is a quarter. The balancing loss works for that.

// %% tags=["rounding"]
plot(new LabTable(routes.load().data().where(routes.load().data().intColumn("layer").isEqualTo(0))), "expert", "load")
plot(new LabTable(routes.load().data().where(routes.load().data().intColumn("layer").isEqualTo(1))), "expert", "load")

// %% [markdown]
// The share of each kind of character that each expert takes. Without specialisation every number would be near 0.25.

// %% tags=["rounding"]
routes.byKind()

// %% [markdown]
// How far from that it is, as one number a layer: the mean over characters of the largest share of their kind.

// %% tags=["rounding"]
Table kinds = routes.byKind().data();
double[] concentration = new double[2];
for (int layer = 0; layer < 2; layer++) {
    Table of = kinds.where(kinds.intColumn("layer").isEqualTo(layer));
    double sum = 0;
    for (Row row : of) {
        double largest = 0;
        for (int e = 0; e < 4; e++) {
            largest = Math.max(largest, row.getDouble("expert " + e));
        }
        sum += largest * row.getInt("characters");
    }
    concentration[layer] = sum / text.length();
    System.out.printf(Locale.ROOT, "layer %d: %.3f%n", layer, concentration[layer]);
}

// %%
check(concentration[0] > 0.3, "the experts of the first layer share kinds of characters unevenly");
check(routes.expertsInUse(0) > 1, "more than one expert is in use");

// %% [markdown]
// In the first layer the router sees little more than the character itself, so one character mostly has one expert. Which characters
// each expert of layer 0 takes most of the time:

// %% tags=["rounding"]
Table rows = routes.table().data();
Table first = rows.where(rows.intColumn("layer").isEqualTo(0));
for (int e = 0; e < 4; e++) {
    Map<String, Integer> counts = new TreeMap<>();
    for (Row row : first) {
        if (row.getInt("expert") == e) {
            counts.merge(row.getString("character"), 1, Integer::sum);
        }
    }
    String most = counts.entrySet().stream().sorted(Map.Entry.<String, Integer>comparingByValue().reversed()).limit(10).map(c -> "'" + c.getKey().replace("\n", "↵") + "' " + c.getValue()).collect(Collectors.joining(", "));
    System.out.println("expert " + e + ": " + most);
}
