package dev.switchlab.bench;

import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ModelConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.IntStream;

/** What is timed. To have something else timed, add a variant or a section here. */
final class BenchPlan {

    private static final int SMALLEST_CONTEXT = 64;

    private BenchPlan() {}

    /**
     * The sections for an experiment.
     *
     * @param quick only a few variants
     */
    static List<BenchSection> of(Experiment base, boolean quick) {
        ModelConfig model = base.model();
        int batch = base.train().batchSize();
        int seq = base.train().seqLen();
        // As wide as what a token meets in a sparse layer.
        String dense = "model.feed_forward=dense model.n_experts=1 model.shared_experts=0 model.top_k=1 model.d_ff="
                + model.dFf() * (model.topK() + model.sharedExperts());
        BenchVariant denseVariant = new BenchVariant(BenchSection.DENSE, 0, dense);

        List<BenchVariant> experts =
                vary("model.n_experts=", model.nExperts(), quick ? of(1, 16) : of(1, 2, 4, 8, 16, 32, 64, 128));
        experts.add(denseVariant);
        List<BenchVariant> topK = vary("model.top_k=", model.topK(), quick ? of(2) : of(1, 2, 4));
        topK.removeIf(variant -> variant.x() > model.nExperts());
        List<BenchVariant> evaluation = new ArrayList<>();
        evaluation.add(new BenchVariant(model.nExperts() + " experts", model.nExperts(), ""));
        evaluation.add(denseVariant);
        List<BenchVariant> contexts = new ArrayList<>();
        for (int context : quick ? of(SMALLEST_CONTEXT) : of(SMALLEST_CONTEXT, 256, 1000)) {
            contexts.add(new BenchVariant(context + " tokens", context, GenerationSubject.settings(context)));
        }
        return List.of(
                section(
                        BenchSection.EXPERTS,
                        "training step by experts, equally many of them per token",
                        "experts",
                        Work.TRAINING,
                        experts),
                section(
                        "batch",
                        "training step by batch",
                        "sequences",
                        Work.TRAINING,
                        vary("train.batch_size=", batch, quick ? of(2 * batch) : of(batch / 4, 4 * batch))),
                section(
                        "sequence",
                        "training step by sequence",
                        "tokens",
                        Work.TRAINING,
                        vary("train.seq_len=", seq, quick ? of(2 * seq) : of(seq / 2, 2 * seq, 4 * seq))),
                section("top_k", "training step by choices per token", "choices", Work.TRAINING, topK),
                section(BenchSection.EVALUATION, "evaluation, forward", "experts", Work.EVALUATION, evaluation),
                section(BenchSection.GENERATION, "generation, per token", "context", Work.GENERATION, contexts));
    }

    private static BenchSection section(String id, String title, String axis, Work work, List<BenchVariant> variants) {
        return new BenchSection(id, title, axis, work, variants);
    }

    /** The experiment itself among others, in ascending order. */
    private static List<BenchVariant> vary(String setting, int own, List<Integer> values) {
        List<BenchVariant> variants = new ArrayList<>();
        TreeSet<Integer> all = new TreeSet<>(values);
        all.add(own);
        for (int x : all) {
            if (x > 0) {
                variants.add(new BenchVariant(Integer.toString(x), x, setting + x));
            }
        }
        return variants;
    }

    private static List<Integer> of(int... values) {
        return IntStream.of(values).boxed().toList();
    }
}
