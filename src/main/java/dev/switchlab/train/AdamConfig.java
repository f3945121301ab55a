package dev.switchlab.train;

import dev.switchlab.experiment.TrainConfig;
import dev.switchlab.experiment.TrainConfig.OptimizerKind;
import dev.switchlab.experiment.TrainConfig.UpdateRule;

/**
 * The Adam family.
 *
 * @param beta1 decay of the first moment
 * @param beta2 decay of the second moment
 * @param eps added to the denominator, at the place that {@code update} says
 * @param weightDecay weight decay
 * @param decay what weight decay does
 * @param amsgrad whether the denominator uses the running maximum of the second moment
 * @param update where eps goes and how the second moment is corrected
 */
public record AdamConfig(
        double beta1, double beta2, double eps, double weightDecay, Decay decay, boolean amsgrad, UpdateRule update) {

    /** What weight decay does. */
    public enum Decay {
        /** Joins the gradient (torch.optim.Adam). */
        L2,
        /** Shrinks the weights by scheduled learning rate times decay (torch.optim.AdamW). */
        DECOUPLED,
        /** Shrinks the weights by base learning rate times decay, whatever the schedule says (reference). */
        DECOUPLED_BASE_RATE,
        /** Shrinks the weights by decay alone (reference: {@code WeightDecay(absolute=True)}). */
        ABSOLUTE
    }

    /** The optimizer that a training recipe names. */
    public static AdamConfig of(TrainConfig train) {
        return new AdamConfig(
                train.beta1(),
                train.beta2(),
                train.eps(),
                train.weightDecay(),
                decay(train),
                train.optimizer() == OptimizerKind.AMSGRAD,
                train.update());
    }

    private static Decay decay(TrainConfig train) {
        if (train.update() == UpdateRule.REFERENCE) {
            return Decay.DECOUPLED_BASE_RATE;
        }
        boolean decoupled = train.optimizer() == OptimizerKind.ADAMW || train.optimizer() == OptimizerKind.MUON;
        return decoupled ? Decay.DECOUPLED : Decay.L2;
    }
}
