package dev.switchlab.golden;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.training.GradientCollector;
import dev.switchlab.safetensors.Dtype;
import dev.switchlab.safetensors.Tensor;
import dev.switchlab.train.CrossEntropy;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The loss of a student whose logits are the only weights of a case, and its gradient.
 *
 * @param teacherWeight share of the teacher's probabilities
 */
record Distillation(int nVocab, double teacherWeight) implements GoldenCase.Replay {

    static Distillation of(CaseFile file) {
        file.onlyInputs("teacher", "target");
        if (!file.params().keySet().equals(Set.of("logits"))) {
            throw new GoldenException(
                    "the case has the weights " + file.params().keySet() + "; allowed for distillation: logits");
        }
        Distillation config = file.config(Distillation.class, Map.of());
        file.checkSize("n_vocab", config.nVocab, "logits", 2);
        return config;
    }

    @Override
    public Map<String, Tensor> run(CaseFile file, Implementation implementation) {
        Map<String, Tensor> results = new TreeMap<>();
        try (NDManager manager = NDManager.newBaseManager(implementation.device());
                GradientCollector collector = Engine.getInstance().newGradientCollector()) {
            NDArray logits = Harness.array(manager, file.params().get("logits")); // (S, B, V)
            logits.setRequiresGradient(true);
            NDArray teacher = Harness.array(manager, file.input("teacher", Dtype.F32)); // (S, B, V)
            NDArray target = Harness.array(manager, file.tokens("target", nVocab)); // (S, B)
            NDArray crossEntropy = CrossEntropy.of(logits, target); // ()
            NDArray soft = CrossEntropy.withTeacher(logits, teacher.softmax(-1)); // ()
            NDArray loss = CrossEntropy.mixed(crossEntropy, soft, teacherWeight); // ()
            collector.backward(loss);
            results.put("output.cross_entropy", Harness.tensor(crossEntropy));
            results.put("output.teacher_cross_entropy", Harness.tensor(soft));
            results.put("output.loss", Harness.tensor(loss));
            results.put("grad.logits", Harness.tensor(logits.getGradient()));
        }
        return results;
    }
}
