package dev.switchlab.golden;

import static dev.switchlab.golden.Workbench.array;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.switchlab.nn.AutoregressiveModel;
import dev.switchlab.nn.LoadBalancingLoss;
import dev.switchlab.nn.Pass;
import dev.switchlab.safetensors.Dtype;
import dev.switchlab.safetensors.Tensor;
import dev.switchlab.train.CrossEntropy;
import java.util.Arrays;
import java.util.Map;

/**
 * The language model with its training loss.
 *
 * @param nVocab vocabulary
 * @param maxSeqLen positions of a learned encoding
 * @param loadBalancing coefficient of the load-balancing loss
 */
record ModelCase(CaseFile file, Architecture architecture, int nVocab, int maxSeqLen, double loadBalancing)
        implements GoldenCase {

    static ModelCase of(CaseFile file) {
        return of(file, 2);
    }

    /** One batch of tokens has rank 2, (S, B); batches of a trajectory have rank 3. */
    static ModelCase of(CaseFile file, int wantedRank) {
        file.onlyInputs("tokens", "target");
        int rank = file.input("tokens", Dtype.I64).shape().length;
        if (rank != wantedRank) {
            throw new GoldenException("input.tokens has " + rank + " dimensions, not " + wantedRank);
        }
        CaseConfig config = file.config();
        Architecture.checkSize(file, "n_vocab", "src_embed.weight", 0);
        int maxSeqLen = config.integer("max_seq_len", config.size("seq_len"));
        if (file.params().containsKey("pos_embed.weight")) {
            Architecture.checkSize(file, "max_seq_len", "pos_embed.weight", 0);
        }
        return new ModelCase(
                file,
                Architecture.of(file, "transformer.layers."),
                config.size("n_vocab"),
                maxSeqLen,
                config.number("load_balancing_coef"));
    }

    @Override
    public boolean dispatches() {
        return architecture.switched();
    }

    @Override
    public Map<String, Tensor> replay(Form form, Place place) {
        Permutations permutations = new Permutations(file.permutations());
        try (Workbench<AutoregressiveModel> bench = bench(form, place)) {
            Map<String, Tensor> results = bench.run(permutations.policy(architecture, "", true), run -> {
                NDArray tokens = array(run.scope(), file.tokens("tokens", nVocab)); // (S, B)
                NDArray target = array(run.scope(), file.tokens("target", nVocab)); // (S, B)
                Loss loss = loss(bench.block(), run.pass(), tokens, target);
                run.output("logits", loss.output.logits());
                run.output("cross_entropy", loss.crossEntropy);
                if (loss.loadBalancing != null) {
                    run.output("lb_loss", loss.loadBalancing);
                    RoutingOutputs.stacked(loss.output.routing()).forEach(run::output);
                }
                return loss.total;
            });
            permutations.checkAllUsed();
            results.put("output.grad_norm", norm(results));
            return results;
        }
    }

    Workbench<AutoregressiveModel> bench(Form form, Place place) {
        return new Workbench<>(
                new AutoregressiveModel(architecture.model(form.dispatch()), nVocab, maxSeqLen, false),
                file,
                place,
                form);
    }

    /** {@code loadBalancing} is null without switch layers. */
    record Loss(NDArray total, NDArray crossEntropy, NDArray loadBalancing, AutoregressiveModel.Output output) {}

    Loss loss(AutoregressiveModel model, Pass pass, NDArray tokens, NDArray target) {
        AutoregressiveModel.Output output = model.forward(pass, tokens);
        NDArray crossEntropy = CrossEntropy.of(output.logits(), target); // ()
        if (output.routing().isEmpty()) {
            return new Loss(crossEntropy, crossEntropy, null, output);
        }
        NDArray balance = LoadBalancingLoss.of(pass.manager(), output.routing()); // ()
        NDArray coefficient = pass.manager().full(new Shape(), (float) loadBalancing, DataType.FLOAT32);
        return new Loss(crossEntropy.add(balance.mul(coefficient)), crossEntropy, balance, output);
    }

    /** The global norm of all gradients. */
    private static Tensor norm(Map<String, Tensor> results) {
        double squares = results.entrySet().stream()
                .filter(e -> e.getKey().startsWith("grad."))
                .flatMapToDouble(e -> Arrays.stream(e.getValue().doubles()))
                .map(g -> g * g)
                .sum();
        return Tensor.of(new float[] {(float) Math.sqrt(squares)});
    }
}
