package dev.switchlab.golden;

import java.util.List;
import java.util.stream.Stream;

/**
 * A small, wrong change to the model.
 *
 * @param name what it changes
 * @param source the source file, below {@code src/main/java/dev/switchlab}
 * @param edits what is replaced by what
 */
record Mutant(String name, String source, List<Edit> edits) {

    /**
     * One replacement.
     *
     * @param from text that stands exactly once in the source
     * @param to what replaces it
     */
    record Edit(String from, String to) {}

    static Mutant of(String name, String source, String from, String to) {
        return new Mutant(name, source, List.of(new Edit(from, to)));
    }

    /** The source with the change in it. */
    String applyTo(String text) {
        String changed = text;
        for (Edit edit : edits) {
            int at = changed.indexOf(edit.from());
            if (at < 0 || changed.indexOf(edit.from(), at + 1) >= 0) {
                throw new IllegalStateException(
                        "mutant '" + name + "' no longer fits: '" + edit.from() + "' must stand once in " + source);
            }
            changed = changed.replace(edit.from(), edit.to());
        }
        return changed;
    }

    /** Every mutant. */
    static List<Mutant> all() {
        return Stream.concat(ofPlainForms().stream(), KernelMutants.all().stream())
                .toList();
    }

    /** Of the readable blocks, and of what all forms have in common. */
    static List<Mutant> ofPlainForms() {
        return Stream.concat(ofTheReference().stream(), ofMixtures().stream()).toList();
    }

    /** Of what the reference has. */
    private static List<Mutant> ofTheReference() {
        return List.of(
                new Mutant(
                        "expert input scaled instead of its output",
                        "nn/SwitchFeedForward.java",
                        List.of(
                                new Edit(
                                        "dispatch.apply(pass, experts, x, routing.tensors());",
                                        "dispatch.apply(pass, experts, x.mul(routing.gates()), routing.tensors());"),
                                new Edit("y = y.mul(weights);", ""))),
                of(
                        "dropped tokens not scaled",
                        "nn/SwitchFeedForward.java",
                        "where(keeps, y, ofPairs(x, y.getShape()));",
                        "where(keeps, y, ofPairs(x, y.getShape()));"
                                + " weights = NDArrays.where(kept.neq(0), weights, weights.onesLike());"),
                of(
                        "dropped tokens zero instead of passed through",
                        "nn/SwitchFeedForward.java",
                        "if (model.droppedTokens() == DroppedTokens.PASS_THROUGH)",
                        "if (model.droppedTokens() == null)"),
                of(
                        "no router gradient without scaling",
                        "nn/Router.java",
                        "chosen.div(chosen.stopGradient())",
                        "chosen.stopGradient().div(chosen.stopGradient())"),
                of("router softmax over tokens", "nn/Router.java", ": logits.softmax(-1);", ": logits.softmax(0);"),
                of(
                        "capacity rounded up",
                        "experiment/Capacity.java",
                        "(int) (factor * pairs / nExperts)",
                        "(int) Math.ceil(factor * pairs / nExperts)"),
                of(
                        "capacity in another order",
                        "experiment/Capacity.java",
                        "(int) (factor * pairs / nExperts)",
                        "(int) (factor * ((double) pairs / nExperts))"),
                of(
                        "counts after dropping",
                        "nn/RoutingPlan.java",
                        "return counts[expert];",
                        "return kept[expert].length;"),
                of(
                        "ties go to the last expert",
                        "nn/Choices.java",
                        "wishes[row + expert] > wishes[row + best]",
                        "wishes[row + expert] >= wishes[row + best]"),
                of(
                        "one token over capacity kept",
                        "nn/RoutingPlan.java",
                        "if (counts[expert] > overflow.capacity)",
                        "if (counts[expert] > overflow.capacity + 1)"),
                of(
                        "kept and dropped swapped",
                        "nn/RoutingPlan.java",
                        "kept[expert] = Arrays.copyOf(order, overflow.capacity);",
                        "kept[expert] = Arrays.copyOfRange(order, over, order.length);"),
                of(
                        "load balancing without the number of experts",
                        "nn/RoutingPlan.java",
                        "(e * share / tokens)",
                        "(share / tokens)"),
                of(
                        "attention softmax over queries",
                        "nn/MultiHeadAttention.java",
                        "scores.softmax(-1)",
                        "scores.softmax(1)"),
                of(
                        "attention scaled by 1/d_k",
                        "nn/MultiHeadAttention.java",
                        "1 / Math.sqrt(headWidth)",
                        "1.0 / headWidth"),
                of(
                        "causal mask one key too generous",
                        "nn/AttentionMask.java",
                        "int key = query + 1; key < seqLen",
                        "int key = query + 2; key < seqLen"),
                of(
                        "mask mixes batch and heads",
                        "nn/AttentionMask.java",
                        "scores.reshape(batch, heads, q, k).add(bias)",
                        "scores.reshape(heads, batch, q, k).transpose(1, 0, 2, 3).add(bias).transpose(1, 0, 2, 3)"),
                of(
                        "rotary turns the other way",
                        "nn/Rotary.java",
                        "a.mul(table.cos).sub(b.mul(table.sin))",
                        "a.mul(table.cos).add(b.mul(table.sin))"),
                of("layer norm epsilon 1e-6", "nn/LayerNormLayer.java", "EPSILON = 1e-5f", "EPSILON = 1e-6f"),
                of(
                        "residual around the normalised input",
                        "nn/SwitchTransformerLayer.java",
                        "residual(pass, x, attended.y())",
                        "residual(pass, z, attended.y())"),
                of(
                        "gate without the activation's partner",
                        "nn/FeedForward.java",
                        "hidden = hidden.mul(gate.forward(pass, x));",
                        "hidden = hidden.mul(hidden);"),
                of(
                        "slots of experts in another order",
                        "nn/BatchedDispatch.java",
                        "int slot = i * e + expert;",
                        "int slot = expert * c + i;"),
                of(
                        "experts with each other's weights",
                        "nn/Experts.java",
                        "batchMatMul(weight.transpose(0, 2, 1))",
                        "batchMatMul(weight.flip(0).transpose(0, 2, 1))"),
                of(
                        "experts' biases missing",
                        "nn/Experts.java",
                        "bias == null ? null : value(pass, bias)); // (C, E, out)",
                        "null); // (C, E, out)"),
                of(
                        "learned positions shifted by one",
                        "nn/AutoregressiveModel.java",
                        "pass.manager().arange(n)",
                        "pass.manager().arange(1, n + 1)"),
                of(
                        "mean instead of sum for the gradient's norm",
                        "nn/kernel/GradientNorm.java",
                        "return torch.linalg_vector_norm(torch.stack(torch._foreach_norm(gradients)))",
                        "return torch.linalg_vector_norm(torch.stack(torch._foreach_norm(gradients))) / len(gradients) ** 0.5"),
                of("gradients not clipped", "nn/kernel/AdamUpdate.java", "grad_scale=divisor", "grad_scale=None"),
                of(
                        "eps as large as if it were inside the root",
                        "nn/kernel/AdamUpdate.java",
                        "numbers.rootCorrection() * numbers.eps(),",
                        "Math.sqrt(numbers.rootCorrection() * numbers.eps()),"),
                of(
                        "eps at torch's place",
                        "train/Adam.java",
                        "boolean reference = config.update() == UpdateRule.REFERENCE;",
                        "boolean reference = false;"),
                of("AMSGrad forgets its maximum", "nn/kernel/AdamUpdate.java", "amsgrad=amsgrad", "amsgrad=False"),
                of(
                        "weight decay by the scheduled rate",
                        "train/Adam.java",
                        "1 - baseLearningRate * config.weightDecay()",
                        "1 - learningRate * config.weightDecay()"),
                of(
                        "Noam warm-up counted from zero",
                        "train/LearningRate.java",
                        "step * StrictMath.pow(warmup, -1.5)",
                        "(step - 1) * StrictMath.pow(warmup, -1.5)"),
                of(
                        "cross-entropy summed",
                        "train/CrossEntropy.java",
                        "perToken(logits, targets).mean()",
                        "perToken(logits, targets).sum()"));
    }

    /** Of several choices per token, their scores, gates and balance. */
    private static List<Mutant> ofMixtures() {
        return List.of(
                of(
                        "sigmoid scores are softmax scores",
                        "nn/Router.java",
                        "model.routerScore() == RouterScore.SIGMOID",
                        "model.routerScore() == null"),
                of(
                        "selection bias without effect",
                        "nn/Router.java",
                        "biased[i] += bias[i % bias.length];",
                        "biased[i] += 0 * bias[i % bias.length];"),
                of(
                        "selection bias weighs, too",
                        "nn/SwitchFeedForward.java",
                        "NDArray scores = router.scores(pass, ranking, plan);",
                        "NDArray scores = router.scores(pass, bias.map(ranking::add).orElse(ranking), plan);"),
                of(
                        "choices by falling bias and score",
                        "nn/Router.java",
                        "float[] biased = ranking.clone();",
                        "float[] biased = ranking;"),
                of(
                        "gates not normalised",
                        "nn/Router.java",
                        "if (model.normalizeGates()) {",
                        "if (model.normalizeGates() && model.gateScale() == 0) {"),
                of(
                        "gates normalised over all experts",
                        "nn/SwitchFeedForward.java",
                        "NDArray chosen = router.chosen(pass, scores, plan);",
                        "NDArray chosen = router.chosen(pass, model.normalizeGates()"
                                + " ? scores.div(scores.sum(new int[] {1}, true)) : scores, plan);"
                                + " if (model.normalizeGates()) { chosen = chosen.stopGradient(); }"),
                of(
                        "gates not scaled",
                        "nn/Router.java",
                        "if (model.gateScale() != 1) {",
                        "if (model.gateScale() == 0) {"),
                of(
                        "scores over all instead of the chosen",
                        "nn/Router.java",
                        "if (model.routerScope() == RouterScope.ALL) {",
                        "if (model.routerScope() != null) {"),
                of(
                        "second choices before first ones",
                        "nn/RoutingPlan.java",
                        "for (int choice = 0; choice < k; choice++) {",
                        "for (int choice = k - 1; choice >= 0; choice--) {"),
                of(
                        "choices mixed up in dispatch",
                        "nn/BatchedDispatch.java",
                        "tokenOfSlot[slot] = kept[i] / k;",
                        "tokenOfSlot[slot] = kept[i] % plan.tokens();"),
                of(
                        "mean over choices instead of their sum",
                        "nn/SwitchFeedForward.java",
                        "model.dModel()).sum(new int[] {1})",
                        "model.dModel()).mean(new int[] {1})"),
                of(
                        "no shared experts",
                        "nn/SwitchFeedForward.java",
                        "y = y.add(shared.apply(pass, x));",
                        "y = y.add(shared.apply(pass, x).zerosLike());"),
                of(
                        "load balancing without 1/K",
                        "nn/RoutingPlan.java",
                        "(double) pairs() / sequences;",
                        "(double) tokens() / sequences;"),
                of("z-loss without the square", "nn/RouterZLoss.java", "logSumExp.square().mean()", "logSumExp.mean()"),
                of(
                        "selection bias moves with the load",
                        "nn/SelectionBias.java",
                        "torch.sub(torch.sum(counts), torch.mul(counts, e))",
                        "torch.sub(torch.mul(counts, e), torch.sum(counts))"),
                of("selection bias not centred", "nn/SelectionBias.java", "torch.sub(step, torch.mean(step))", "step"),
                of(
                        "on the device: one over capacity kept",
                        "nn/DevicePlan.java",
                        "torch.to(torch.lt(places, limit), 6)",
                        "torch.to(torch.le(places, limit), 6)"),
                of(
                        "on the device: the order of dropping ignored",
                        "nn/DevicePlan.java",
                        "torch.gt(upto, capacity)",
                        "torch.lt(upto, 0)"),
                of(
                        "on the device: second choices before first ones",
                        "nn/DevicePlan.java",
                        "torch.sub(torch.cumsum(group, 0), group)",
                        "torch.sub(torch.sum(group, [0], True), torch.cumsum(group, 0))"),
                of(
                        "on the device: load balancing without 1/K",
                        "nn/DevicePlan.java",
                        "torch.floordiv(torch.mul(n, k), b)",
                        "torch.floordiv(n, b)"));
    }
}
