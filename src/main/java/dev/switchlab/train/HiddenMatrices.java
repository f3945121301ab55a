package dev.switchlab.train;

import ai.djl.nn.Parameter;
import dev.switchlab.nn.StateDict;
import java.util.List;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;

/**
 * The weights that Muon updates: matrices inside the layers, which are attention's projections and the feed-forward
 * networks, of each expert by itself.
 *
 * <p>Embeddings, positions, the output layer, biases and norms are AdamW's, as Jordan says. So is the router: its rows
 * stand for experts as those of the output layer stand for characters, and it is small (so does nmoe,
 * https://github.com/Noumena-Network/nmoe, {@code opt.py}; GLM-4.5, arXiv 2508.06471, leaves no matrix but the
 * embedding to AdamW).
 */
final class HiddenMatrices {

    private static final String INSIDE = "transformer.layers.";
    private static final String ROUTER = ".switch.";

    private HiddenMatrices() {}

    /**
     * Which of the parameters, by index, are such.
     *
     * @param trained in the order of the optimizer's weights
     */
    static IntPredicate of(StateDict trained) {
        Set<Parameter> hidden = trained.entries().stream()
                .filter(HiddenMatrices::isHidden)
                .map(StateDict.Entry::parameter)
                .collect(Collectors.toSet());
        List<Parameter> parameters = trained.parameters();
        return i -> hidden.contains(parameters.get(i));
    }

    private static boolean isHidden(StateDict.Entry entry) {
        return entry.name().startsWith(INSIDE)
                && !entry.name().contains(ROUTER)
                && entry.shape().dimension() == 2;
    }
}
