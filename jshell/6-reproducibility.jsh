// %% [markdown]
// # Reproducibility
//
// Two runs of one experiment with one seed give the same model to the bit: SHA-256 over all weights.

// %% tags=["rounding"]
var recipe = experiment("smoke").with("train.steps=40 train.eval_every=40 train.sample_length=10");
var first = recipe.train();
var second = recipe.train();

// %%
check(first.model().digest().equals(second.model().digest()), "the same seed gives the same weights, to the bit");
check(Arrays.equals(first.history().doubleColumn("cross_entropy").asDoubleArray(), second.history().doubleColumn("cross_entropy").asDoubleArray()), "and the same loss at every step");
System.out.println("equal: " + first.model().digest().equals(second.model().digest()));

// %% [markdown]
// Another seed gives another model. There is one root seed; what is drawn for initialization, batches, dropping and the rest is
// derived from it by name and step, so a draw more in one place changes nothing elsewhere.

// %%
var third = recipe.seed(2).train().model().digest();
check(!third.equals(first.model().digest()), "another seed gives another model");
RandomStreams streams = new RandomStreams(1);
System.out.println("batches of step 3:    " + streams.seed(RandomStream.BATCHES, 3));
System.out.println("dropping of step 3:   " + streams.seed(RandomStream.DROPPING, 3));
System.out.println("dropping of step 4:   " + streams.seed(RandomStream.DROPPING, 4));

// %% [markdown]
// ## One thread more
//
// Float addition is not associative: (a + b) + c need not be a + (b + c). With another number of threads a long sum is cut in other
// places.

// %%
float a = 1e8f, b = -1e8f, c = 0.5f;
System.out.println("(a + b) + c = " + ((a + b) + c));
System.out.println("a + (b + c) = " + (a + (b + c)));
assert (a + b) + c != a + (b + c);

// %% [markdown]
// The same experiment again on two threads: the losses agree to many digits, the bits of the weights do not.

// %% tags=["rounding"]
ai.djl.pytorch.jni.JniUtils.setNumThreads(2);
var onTwo = recipe.train();
ai.djl.pytorch.jni.JniUtils.setNumThreads(1);
System.out.println("equal to the bit: " + onTwo.model().digest().equals(first.model().digest()));

// %%
double[] one = first.history().doubleColumn("cross_entropy").asDoubleArray();
double[] two = onTwo.history().doubleColumn("cross_entropy").asDoubleArray();
check(Math.abs(one[0] - two[0]) < 1e-5, "the first loss agrees");
check(Math.abs(first.validation() - onTwo.validation()) < 0.05, "and so does the quality of the model");

// %% [markdown]
// So the number of threads is part of a run's identity: it is logged with the run, and `THREADS=1` repeats what was trained on one.

// %%
check(run(first.id()).params().containsKey("threads"), "the run knows its thread count");
