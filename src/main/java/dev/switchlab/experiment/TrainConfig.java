package dev.switchlab.experiment;

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
        int steps,
        int batchSize,
        int seqLen,
        int accumulate,
        OptimizerKind optimizer,
        UpdateRule update,
        double learningRate,
        double muonLearningRate,
        double muonMomentum,
        Schedule schedule,
        int warmup,
        double finalLearningRate,
        double decayShare,
        double beta1,
        double beta2,
        double eps,
        double weightDecay,
        double ema,
        double gradClip,
        double loadBalance,
        LoadBalanceScope loadBalanceScope,
        double zLoss,
        double selectionBiasRate,
        Precision precision,
        int logEvery,
        int evalEvery,
        int evalBatches,
        int checkpointEvery,
        int sampleEvery,
        int sampleLength,
        String samplePrompt) {

    /** Checks every setting by itself and against the others of the recipe. */
    public TrainConfig {
        Check.atLeast("train.steps", steps, 1, 2000);
        Check.atLeast("train.batch_size", batchSize, 1, 32);
        Check.atLeast("train.seq_len", seqLen, 1, 64);
        Check.that(
                (long) batchSize * seqLen <= Integer.MAX_VALUE,
                "train.batch_size",
                batchSize,
                "at most " + Integer.MAX_VALUE / seqLen + " with train.seq_len=" + seqLen,
                32);
        Check.atLeast("train.accumulate", accumulate, 1, 1);
        Check.given("train.optimizer", optimizer, OptimizerKind.ADAMW);
        Check.given("train.update", update, UpdateRule.TORCH);
        Check.positive("train.learning_rate", learningRate, 0.001);
        Check.that(
                optimizer != OptimizerKind.MUON || update == UpdateRule.TORCH,
                "train.update",
                Names.of(update),
                "only torch with train.optimizer=muon",
                "torch");
        Check.positive("train.muon_learning_rate", muonLearningRate, 0.002);
        Check.belowOne("train.muon_momentum", muonMomentum, 0.95);
        Check.given("train.schedule", schedule, Schedule.COSINE);
        Check.that(
                optimizer != OptimizerKind.NOAM || schedule == Schedule.NOAM,
                "train.schedule",
                Names.of(schedule),
                "only noam with train.optimizer=noam",
                "noam");
        Check.atLeast("train.warmup", warmup, 0, 100);
        Check.that(
                schedule != Schedule.NOAM || warmup > 0,
                "train.warmup",
                warmup,
                "whole numbers from 1 with train.schedule=noam",
                2000);
        Check.that(
                finalLearningRate >= 0 && finalLearningRate <= 1,
                "train.final_learning_rate",
                finalLearningRate,
                "from 0 to 1, a share of the peak",
                0.1);
        Check.that(
                decayShare > 0 && decayShare <= 1,
                "train.decay_share",
                decayShare,
                "above 0 and up to 1, a share of the steps",
                0.6);
        Check.belowOne("train.beta1", beta1, 0.9);
        Check.belowOne("train.beta2", beta2, 0.999);
        Check.positive("train.eps", eps, "1e-8");
        Check.notNegative("train.weight_decay", weightDecay, 0.1);
        Check.belowOne("train.ema", ema, 0.997);
        Check.notNegative("train.grad_clip", gradClip, 1.0);
        Check.notNegative("train.load_balance", loadBalance, 0.01);
        Check.given("train.load_balance_scope", loadBalanceScope, LoadBalanceScope.BATCH);
        Check.notNegative("train.z_loss", zLoss, 0.001);
        Check.notNegative("train.selection_bias_rate", selectionBiasRate, 0.001);
        Check.given("train.precision", precision, Precision.FLOAT32);
        Check.atLeast("train.log_every", logEvery, 1, 10);
        Check.atLeast("train.eval_every", evalEvery, 1, 100);
        Check.atLeast("train.eval_batches", evalBatches, 1, 10);
        Check.atLeast("train.checkpoint_every", checkpointEvery, 1, 500);
        Check.atLeast("train.sample_every", sampleEvery, 0, 500);
        Check.atLeast("train.sample_length", sampleLength, 1, 200);
        Check.that(
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
        SELECTIVE
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
