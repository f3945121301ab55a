// %% [markdown]
// # What experts specialize in
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
// The text with its experts below, one line per layer. It is longer than what the model was trained on at once, so it goes through in
// windows of that length, as in `make report`.

// %% tags=["rounding"]
routes

// %% [markdown]
// ## Load
//
// Is the load even? It is when each bar is a quarter. The balancing loss works for that.

// %% tags=["rounding"]
Table ofLayer(int layer) { return routes.experts().where(e -> e.intColumn("layer").isEqualTo(layer)); }
plot(ofLayer(0), "expert", "load")
plot(ofLayer(1), "expert", "load")

// %%
check(routes.expertsInUse(0) > 1, "more than one expert is in use");
check(Math.abs(ofLayer(0).doubleColumn("load").sum() - 1) < 1e-9, "the load of a layer sums to 1");

// %% [markdown]
// ## Which characters
//
// The characters that each expert takes most often, most often first. In the first layer the router sees little more than the character
// itself, so one character mostly has one expert.

// %% tags=["rounding"]
routes.experts()

// %% [markdown]
// The share of each class of characters that each expert takes. Without specialization every number would be near the load.

// %% tags=["rounding"]
routes.specialization()

// %% [markdown]
// How much is that, as one number per layer? Knowing which expert took a character tells something of its class. `information` is how much
// of the class it tells: the mutual information of expert and class over the entropy of the classes, 0 when experts take characters
// without regard to their class, 1 when the class follows from the expert. With four experts it cannot reach 1 here: there are more
// classes. Beside it the router's entropy in nats (ln 4 = 1.386 when it cannot decide), and its confidence.

// %% tags=["rounding"]
routes.layers()

// %%
double[] information = routes.layers().doubleColumn("information").asDoubleArray();
check(information[0] > 0.1, "the experts of the first layer share classes of characters unevenly");

// %% [markdown]
// A text is a sample: even a router that throws dice has some information by chance. So the same text with its characters' experts
// shuffled, a hundred times:

// %% tags=["rounding"]
int[] expert = routes.trace().layers().get(0).expert();
int[] chars = routes.trace().text();
Random dice = new Random(1);
double chance = IntStream.range(0, 100).mapToDouble(i -> {
    List<Integer> shuffled = new ArrayList<>(Arrays.stream(expert).boxed().toList());
    Collections.shuffle(shuffled, dice);
    Map<CharacterClass, int[]> counts = new TreeMap<>();
    for (int c = 0; c < chars.length; c++) {
        counts.computeIfAbsent(CharacterClass.of(chars, c), k -> new int[4])[shuffled.get(c)]++;
    }
    return RoutingTables.information(List.copyOf(counts.values()));
}).average().getAsDouble();
System.out.printf(Locale.ROOT, "layer 0: %.3f, by chance %.3f%n", information[0], chance);

// %%
check(information[0] > 5 * chance, "the first layer's specialization is not chance");

// %% [markdown]
// ## Pairs of layers
//
// Co-activation: of the characters that an expert of layer 0 takes, the share that each expert of layer 1 takes next. Rows that look like
// each other mean that the second layer's router decides anew; a row with one large number is a path.

// %% tags=["rounding"]
routes.coactivation()

// %% [markdown]
// ## Weights
//
// All experts of a layer began with different random weights here (the reference copies one to all). The cosine between their weights is
// 1 on the diagonal and near 0 for vectors that have nothing to do with each other; what they learn in common raises it.

// %% tags=["rounding"]
model().similarity()

// %%
Table cosine = model().similarity();
for (Row row : cosine) {
    check(Math.abs(row.getDouble("other " + row.getInt("expert")) - 1) < 1e-6, "an expert is like itself");
}
