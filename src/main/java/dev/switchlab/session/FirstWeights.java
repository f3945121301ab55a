package dev.switchlab.session;

import ai.djl.Device;
import dev.switchlab.nn.kernel.Kernels;
import dev.switchlab.train.LanguageModel;
import dev.switchlab.world.World;

/**
 * A model before its first step.
 *
 * @param model with all experts, or with those of this rank
 * @param digest of all of its weights, those of other ranks included
 */
record FirstWeights(LanguageModel model, String digest) {

    /** @param spread the ranks that experts are spread over; a world of one where they are not */
    static FirstWeights of(TrainingInput input, Device device, Kernels kernels, World spread) {
        LanguageModel whole =
                LanguageModel.create(input.experiment(), input.data().tokenizer(), device, kernels);
        String digest = whole.digest();
        if (spread.size() == 1) {
            return new FirstWeights(whole, digest);
        }
        whole.close(); // for a moment a rank has them all, without gradients and moments
        return new FirstWeights(
                LanguageModel.create(input.experiment(), input.data().tokenizer(), device, kernels, spread), digest);
    }
}
