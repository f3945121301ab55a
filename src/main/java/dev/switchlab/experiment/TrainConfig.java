package dev.switchlab.experiment;

import java.util.Locale;

/**
 * The training recipe. Impossible values throw {@link ExperimentException}.
 *
 * @param steps optimizer steps
 * @param batchSize sequences per micro-batch
 * @param seqLen characters per sequence
 * @param accumulate micro-batches whose gradients are averaged into one step
 * @param optimizer optimizer
 * @param update where eps goes and how the moments are corrected
 * @param learningRate peak learning rate; for the Noam schedule the factor before d_model^-0.5
 * @param muonLearningRate for {@link OptimizerKind#MUON}: peak learning rate of its matrices, on the same schedule;
 *     learningRate is that of the other weights
 * @param muonMomentum for {@link OptimizerKind#MUON}: decay of its momentum
 * @param schedule learning rate over time
 * @param warmup steps of linear warm-up; a run that is shorter is all warm-up
 * @param finalLearningRate for {@link Schedule#COSINE}, {@link Schedule#LINEAR} and {@link Schedule#WSD}: the last
 *     learning rate as a share of the peak
 * @param decayShare for {@link Schedule#WSD}: the share of all steps, from the end, in which the learning rate falls
 * @param beta1 decay of the first moment
 * @param beta2 decay of the second moment
 * @param eps added to the denominator
 * @param weightDecay weight decay: decoupled, by the peak learning rate with {@link UpdateRule#REFERENCE}, by the
 *     scheduled one with {@link UpdateRule#TORCH} and {@link OptimizerKind#ADAMW} or {@link OptimizerKind#MUON}; with
 *     {@link UpdateRule#TORCH} and any other optimizer part of the gradient
 * @param ema decay of the moving average of the weights over the steps (0.997): it is what is evaluated, writes samples
 *     and is kept as the run's model; 0 for none
 * @param gradClip largest global gradient norm; 0 switches clipping off
 * @param loadBalance coefficient of the load-balancing loss (paper section 2.2: alpha)
 * @param loadBalanceScope what load-balancing looks at
 * @param zLoss coefficient of the router z-loss, which keeps logits small (ST-MoE, arXiv 2202.08906, equation 5:
 *     0.001); 0 for none
 * @param selectionBiasRate how far the bias that moves the choice of experts goes per step, against the load (arXiv
 *     2408.15664: 0.001); 0 for no bias
 * @param routerSteps steps in which the weights of routers are trained that are {@link ModelConfig.RouterKind#FROZEN}
 * @param teacher a run, or a weights file, whose probabilities the loss mixes with the true tokens (distillation, paper
 *     section 4.2); {@code none} for none
 * @param teacherWeight the share of the teacher's probabilities in that mixture
 * @param precision what products are computed in
 * @param logEvery steps between logged training metrics
 * @param evalEvery steps between evaluations on the fixed validation sample
 * @param evalBatches batches in that sample
 * @param checkpointEvery steps between checkpoints
 * @param sampleEvery steps between generated samples; 0 for only at the end
 * @param sampleLength characters per sample
 * @param samplePrompt text that a sample continues
 */
public record TrainConfig(
        @Setting(value = "2000", reference = "62848", in = "[1, inf)")
        int steps,

        @Setting(value = "32", in = "[1, inf)") int batchSize,
        @Setting(value = "64", in = "[1, inf)") int seqLen,
        @Setting(value = "1", in = "[1, inf)") int accumulate,
        @Setting(value = "adamw", reference = "noam") OptimizerKind optimizer,

        @Setting(value = "torch", reference = "reference", noam = "reference")
        UpdateRule update,

        @Setting(value = "0.002", reference = "0.01", noam = "1.0", in = "(0, inf)")
        double learningRate,

        @Setting(older = "0.002", in = "(0, inf)") double muonLearningRate,
        @Setting(older = "0.95", in = "[0, 1)") double muonMomentum,

        @Setting(value = "cosine", reference = "constant", noam = "noam")
        Schedule schedule,

        @Setting(value = "100", reference = "0", noam = "2000", in = "[0, inf)")
        int warmup,

        @Setting(value = "0.1", in = "[0, 1]", unit = "a share of the peak")
        double finalLearningRate,

        @Setting(older = "0.6", in = "(0, 1]", unit = "a share of the steps")
        double decayShare,

        @Setting(value = "0.9", in = "[0, 1)") double beta1,

        @Setting(value = "0.99", reference = "0.999", noam = "0.999", in = "[0, 1)")
        double beta2,

        @Setting(value = "1e-8", in = "(0, inf)") double eps,

        @Setting(value = "0.1", reference = "0.0", noam = "0.0", in = "[0, inf)")
        double weightDecay,

        @Setting(older = "0.0", in = "[0, 1)", example = "0.997")
        double ema,

        @Setting(value = "1.0", in = "[0, inf)") double gradClip,
        @Setting(value = "0.01", in = "[0, inf)") double loadBalance,
        @Setting("batch") LoadBalanceScope loadBalanceScope,

        @Setting(value = "0.0", in = "[0, inf)", example = "0.001")
        double zLoss,

        @Setting(value = "0.0", in = "[0, inf)", example = "0.001")
        double selectionBiasRate,

        @Setting(older = "0", in = "[0, inf)", example = "200")
        int routerSteps,

        @Setting(older = "none", example = "3f2a91c0") String teacher,
        @Setting(older = "0.25", in = "[0, 1]") double teacherWeight,
        @Setting("float32") Precision precision,
        @Setting(value = "10", in = "[1, inf)") int logEvery,
        @Setting(value = "200", in = "[1, inf)") int evalEvery,
        @Setting(value = "10", in = "[1, inf)") int evalBatches,

        @Setting(value = "500", reference = "1000", in = "[1, inf)")
        int checkpointEvery,

        @Setting(value = "500", in = "[0, inf)") int sampleEvery,
        @Setting(value = "200", in = "[1, inf)") int sampleLength,
        @Setting("It is") String samplePrompt) {

    /** Checks settings against each other. */
    public TrainConfig {
        Settings.require(
                (long) batchSize * seqLen <= Integer.MAX_VALUE,
                "train.batch_size",
                batchSize,
                "at most " + Integer.MAX_VALUE / seqLen + " with train.seq_len=" + seqLen,
                32);
        Settings.require(
                optimizer != OptimizerKind.MUON || update == UpdateRule.TORCH,
                "train.update",
                Settings.name(update),
                "only torch with train.optimizer=muon",
                "torch");
        Settings.require(
                optimizer != OptimizerKind.NOAM || schedule == Schedule.NOAM,
                "train.schedule",
                Settings.name(schedule),
                "only noam with train.optimizer=noam",
                "noam");
        Settings.require(
                schedule != Schedule.NOAM || warmup > 0,
                "train.warmup",
                warmup,
                "whole numbers from 1 with train.schedule=noam",
                2000);
        Settings.require(
                samplePrompt != null && !samplePrompt.isEmpty(),
                "train.sample_prompt",
                samplePrompt == null ? "missing" : "empty",
                "text of at least one character",
                "\"It is\"");
    }

    /** Characters that one micro-batch holds, over all its sequences. */
    public int tokensPerBatch() {
        return batchSize * seqLen;
    }

    /** Whether a bias moves the choice of experts. */
    public boolean hasSelectionBias() {
        return selectionBiasRate > 0;
    }

    /** What matrix products are computed in. */
    public enum Precision {
        FLOAT32,
        /**
         * Operands of products in attention and networks rounded to bfloat16, sums in float32; router, losses, norms
         * and optimizer in float32 (paper section 2.4, table 2).
         */
        SELECTIVE,
        /**
         * All activations rounded to bfloat16, the router's among them, where {@link #SELECTIVE} keeps float32: the row
         * of table 2 that diverges. Rounded, and their gradients with them: operands and results of all products;
         * router logits, scores and gates; attention scores and weights; the residual stream after the embedding and
         * after each addition. In float32: weights, biases, moments of the optimizer, sums within a product, what a
         * norm and an activation compute between roundings, bigrams, losses.
         */
        BFLOAT16;

        /** Whether products are in bfloat16. */
        public boolean isReduced() {
            return this != FLOAT32;
        }

        /** As in a file. */
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Over what experts are to be loaded evenly. */
    public enum LoadBalanceScope {
        /** A batch of sequences (paper, equations 4 to 6). */
        BATCH,
        /** Each sequence (DeepSeek-V3, arXiv 2412.19437, equations 17 to 20; there with a coefficient of 0.0001). */
        SEQUENCE
    }

    /** Optimizer. */
    public enum OptimizerKind {
        /** Adam with the Noam learning-rate schedule. */
        NOAM,
        ADAM,
        /** Adam with decoupled weight decay. */
        ADAMW,
        /** Adam with the running maximum of the second moment (On the Convergence of Adam and Beyond). */
        AMSGRAD,
        /**
         * Muon (Jordan et al. 2024; Moonlight, arXiv 2502.16982), momentum made orthogonal, for the matrices of
         * attention and feed-forward networks, of each expert by itself; AdamW for embeddings, positions, router,
         * output layer, biases and norms.
         */
        MUON
    }

    /** Where eps goes. */
    public enum UpdateRule {
        /** labml: {@code p -= lr * sqrt(1 - b2^t) / (1 - b1^t) * m / (sqrt(v) + eps)}. */
        REFERENCE,
        /** torch: {@code p -= lr / (1 - b1^t) * m / (sqrt(v) / sqrt(1 - b2^t) + eps)}. */
        TORCH
    }

    /** Learning rate over time, after the warm-up. */
    public enum Schedule {
        CONSTANT,
        /** {@code lr * d_model^-0.5 * min(t^-0.5, t * warmup^-1.5)}. */
        NOAM,
        /** Half a cosine from the peak down to {@code final_learning_rate} of it. */
        COSINE,
        /** A straight line from the peak down to {@code final_learning_rate} of it. */
        LINEAR,
        /**
         * Warm-up, stable, decay (MiniCPM, arXiv 2404.06395): the peak, and over the last {@code decay_share} of all
         * steps a straight line down to {@code final_learning_rate} of it, the form that arXiv 2405.18392 found as good
         * as a cosine. A decay that would begin within the warm-up begins after it.
         */
        WSD
    }
}
