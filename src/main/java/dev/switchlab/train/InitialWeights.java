package dev.switchlab.train;

import dev.switchlab.experiment.Experiment.InitParts;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.ModelConfig.FeedForwardKind;
import dev.switchlab.nn.StateDict.Weight;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * The weights that a model begins with, where they come from a trained model.
 *
 * <ol>
 *   <li>{@link InitParts#ALL} takes each weight by its name.
 *   <li>Is the trained model dense and the new one sparse, its feed-forward network becomes each expert, and the router
 *       is drawn (sparse upcycling, arXiv 2212.05055).
 *   <li>{@link InitParts#NON_EXPERT} takes all but what belongs to feed-forward layers, which is drawn (Switch
 *       Transformers, section 4.2).
 * </ol>
 *
 * @param model the new model
 */
record InitialWeights(ModelConfig model, InitParts parts) {

    private static final String FEED_FORWARD = ".feed_forward.";
    private static final String EXPERTS = FEED_FORWARD + "experts.";

    /**
     * @param trained weights of the trained model
     * @param drawn first weights of the new model, as if there was no other; with sharded experts those of this rank
     * @param from the trained model
     * @return what the new model is to load; a name that it lacks, or that it has too much, does not fit
     */
    Map<String, Weight> of(Map<String, Weight> trained, Map<String, Weight> drawn, ModelConfig from) {
        boolean upcycles = parts == InitParts.ALL
                && from.feedForward() == FeedForwardKind.DENSE
                && model.feedForward() == FeedForwardKind.SWITCH;
        Map<String, Weight> first = new LinkedHashMap<>();
        drawn.forEach((name, weight) -> {
            boolean isExpert = name.contains(EXPERTS);
            boolean isDrawn = name.contains(FEED_FORWARD) && (parts == InitParts.NON_EXPERT || (upcycles && !isExpert));
            String source = upcycles ? name.replaceFirst("\\.experts\\.\\d+\\.", ".") : name;
            if (isDrawn) {
                first.put(name, weight);
            } else if (trained.containsKey(source)) {
                first.put(name, trained.get(source));
            }
        });
        new TreeMap<>(trained).forEach((name, weight) -> {
            boolean isLeftOut = name.contains(FEED_FORWARD) && (parts == InitParts.NON_EXPERT || upcycles);
            boolean isElsewhere = LanguageModel.isOfExpert(name) && isOfNewModel(name);
            if (!isLeftOut && !isElsewhere) {
                first.putIfAbsent(name, weight);
            }
        });
        return first;
    }

    /** Whether the new model has an expert of this number, if not on this rank. */
    private boolean isOfNewModel(String name) {
        String number = name.replaceFirst(".*experts\\.(\\d+)\\..*", "$1");
        return model.feedForward() == FeedForwardKind.SWITCH && Integer.parseInt(number) < model.nExperts();
    }
}
