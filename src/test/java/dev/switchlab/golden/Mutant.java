package dev.switchlab.golden;

import java.util.List;

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

    private static Mutant of(String name, String source, String from, String to) {
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
        return List.of(
                new Mutant(
                        "expert input scaled instead of its output",
                        "nn/SwitchFeedForward.java",
                        List.of(
                                new Edit(
                                        "dispatch.apply(pass, experts, x, plan);",
                                        "dispatch.apply(pass, experts, x.mul(gates), plan);"),
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
                        "model.droppedTokens() == DroppedTokens.PASS_THROUGH",
                        "model.droppedTokens() == null"),
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
                        "nn/LoadBalancingLoss.java",
                        "(nExperts * share / plan.tokens())",
                        "(share / plan.tokens())"),
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
                        "NDArray middle = x.add(",
                        "NDArray middle = z.add("),
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
                        "nn/Products.java",
                        "NDArray kernels = weight.reshape(-1, in, 1, 1);",
                        "NDArray kernels = weight.flip(0).reshape(-1, in, 1, 1);"),
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
                        "train/GradientClipping.java",
                        "double scale = maxNorm / (norm + EPSILON);",
                        "double scale = maxNorm / (norm / Math.sqrt(gradients.size()) + EPSILON);"),
                of(
                        "eps inside the root",
                        "train/Adam.java",
                        "slot.first().div(root.addi(s.eps()))",
                        "slot.first().div(secondMoment(slot).add(s.eps()).sqrt())"),
                new Mutant(
                        "eps at torch's place",
                        "train/Adam.java",
                        List.of(
                                new Edit(
                                        "boolean reference = config.update() == UpdateRule.REFERENCE;",
                                        "boolean reference = false;"),
                                new Edit(
                                        "if (config.update() == UpdateRule.TORCH) {",
                                        "if (config.update() != null) {"))),
                of(
                        "AMSGrad forgets its maximum",
                        "train/Adam.java",
                        "if (slot.maximum() == null) {",
                        "if (slot.second() != null) {"),
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
}
