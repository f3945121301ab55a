// %% [markdown]
// # A tour: train a tiny model and watch it route
//
// `smoke` is the smallest of the experiments: two layers of four experts, 200 steps, a few seconds. Everything below also works at the
// prompt of `make jshell`, line by line.

// %%
experiment("smoke")

// %% [markdown]
// Any setting can be changed before training; a wrong one is refused in one line.

// %%
var recipe = experiment("smoke").with("train.steps=100 train.eval_every=50");
recipe.settings().first(16)

// %% [markdown]
// `train()` takes the corpus that arrives with the build (The Old Curiosity Shop), so no network is needed. The run is logged to the
// store like any other.

// %% tags=["rounding"]
var run = recipe.train();
run
run.model()

// %% [markdown]
// The loss of a model that knows letter frequencies and no more is 3.08 nats per character. This one knows more.

// %%
check(run.validation() < 3.0, "validation cross-entropy is below the unigram entropy of the corpus");

// %% tags=["rounding"]
run.history().where(h -> h.intColumn("step").isIn(1, 10, 20, 50, 100))

// %% [markdown]
// Now the routing. The number below a character is the expert that takes it, one line per layer.

// %% tags=["rounding"]
Routes routes = route("To be, or not to be: that is the question.");
routes

// %% [markdown]
// The load of the first layer's experts: the share of the characters that each is sent.

// %% tags=["rounding"]
plot(routes.experts().where(e -> e.intColumn("layer").isEqualTo(0)), "expert", "load")

// %% [markdown]
// And what it writes. After 100 steps it has heard of words.

// %% tags=["rounding"]
sample("It was ", 160)

// %%
check(sample("It was ", 40).equals(sample("It was ", 40)), "the same seed writes the same text");

// %% [markdown]
// The run is in the book with everything that it logged, here the validation metrics by step; and its model can be loaded from there.

// %% tags=["unstable"]
runs()

// %% tags=["rounding"]
history(run.id(), "valid/")

// %%
check(load(run.id()).digest().equals(run.model().digest()), "the stored weights are the trained ones, to the bit");
