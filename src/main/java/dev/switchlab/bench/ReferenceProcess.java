package dev.switchlab.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.switchlab.bench.BenchResult.Reference;
import dev.switchlab.bench.Subject.GenerationSubject;
import dev.switchlab.bench.Subject.Work;
import dev.switchlab.bench.Timing.Samples;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.Semantics;
import dev.switchlab.io.Json;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The reference's own code in a Python process that waits between its turns. It is asked by a line of JSON on its
 * standard input and answers by one; its first line introduces it.
 */
final class ReferenceProcess implements AutoCloseable {

    private static final Path SCRIPT = Path.of("golden", "bench_reference.py");
    private static final int PATIENCE_SECONDS = 5;

    private final String python;
    private final Process process;
    private final Path errors;
    private final BufferedReader answers;
    private final BufferedWriter questions;
    private final Reference reference;

    /**
     * Starts the process, and has it time a product (rows, in) x (in, out).
     *
     * @param python the interpreter; PYTHONPATH names the reference's code
     * @throws IllegalArgumentException in one line, if the process does not start, or says that it cannot be used
     */
    ReferenceProcess(String python, int threads, int rows, int in, int out) {
        this.python = python;
        try {
            errors = Files.createTempFile("reference", ".err");
            try {
                process = new ProcessBuilder(
                                python,
                                SCRIPT.toString(),
                                Integer.toString(threads),
                                Integer.toString(rows),
                                Integer.toString(in),
                                Integer.toString(out))
                        .redirectError(errors.toFile())
                        .start();
            } catch (IOException e) {
                Files.deleteIfExists(errors);
                throw new IllegalArgumentException("REFERENCE is '" + python + "', which does not start ("
                        + e.getMessage() + "); name a Python that has torch, for example REFERENCE=/usr/bin/python3");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        answers = process.inputReader(StandardCharsets.UTF_8);
        questions = process.outputWriter(StandardCharsets.UTF_8);
        try {
            reference = read(Reference.class);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    Reference reference() {
        return reference;
    }

    /**
     * What one turn gave.
     *
     * @param ms one time per repeat
     * @param now resident memory, MB
     * @param peak the most so far, MB
     */
    record Answer(List<Double> ms, double now, double peak) {}

    private Answer ask(Map<String, Object> question) {
        try {
            questions.write(Json.MAPPER.writeValueAsString(question));
            questions.newLine();
            questions.flush();
        } catch (IOException e) {
            throw failed();
        }
        return read(Answer.class);
    }

    private <T> T read(Class<T> type) {
        String line;
        try {
            line = answers.readLine();
        } catch (IOException e) {
            throw failed();
        }
        if (line == null) {
            throw failed();
        }
        try {
            return Json.MAPPER.readValue(line, type);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(
                    "REFERENCE is '" + python + "', which answers '" + line
                            + "' to golden/bench_reference.py; name a Python that has torch, for example REFERENCE=/usr/bin/python3");
        }
    }

    /** With the last line of what it complained of. */
    private IllegalArgumentException failed() {
        try {
            process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
            List<String> lines = Files.readAllLines(errors).stream()
                    .filter(line -> !line.isBlank())
                    .toList();
            String why = lines.isEmpty() ? "it ended without a word" : lines.get(lines.size() - 1);
            return new IllegalArgumentException("REFERENCE is '" + python + "': " + why);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while the reference ended", e);
        }
    }

    /** It ends when its input does. */
    @Override
    public void close() {
        try {
            questions.close();
        } catch (IOException e) {
            // It is gone already.
        }
        try {
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
            answers.close();
            Files.deleteIfExists(errors);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    /**
     * The model that the reference builds: its own experiment with these settings, as {@code golden/bench_reference.py}
     * reads them. Empty if the reference's code cannot build the experiment's model.
     */
    static Optional<Map<String, Object>> model(Experiment experiment) {
        ModelConfig model = experiment.model();
        boolean isReferences = experiment.semantics() == Semantics.REFERENCE
                && model.feedForward() == ModelConfig.FeedForwardKind.SWITCH
                && model.router() == ModelConfig.RouterKind.LEARNED
                && model.topK() == 1
                && model.moeEvery() == 1
                && model.sharedExperts() == 0
                && model.activation() == ModelConfig.Activation.RELU
                && !model.gated()
                && model.norm() == ModelConfig.Norm.LAYER
                && !model.qkNorm()
                && !model.bigram()
                && model.dropout() == 0
                && experiment.train().accumulate() == 1;
        if (!isReferences) {
            return Optional.empty();
        }
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("d_model", model.dModel());
        settings.put("heads", model.heads());
        settings.put("d_ff", model.dFf());
        settings.put("n_layers", model.nLayers());
        settings.put("n_experts", model.nExperts());
        settings.put("capacity_factor", model.capacityFactor());
        settings.put("drop_tokens", model.dropTokens());
        settings.put("is_scale_prob", model.isScaleProb());
        settings.put("vocabulary", RandomText.VOCABULARY);
        settings.put("seq_len", experiment.train().seqLen());
        settings.put("batch_size", experiment.train().batchSize());
        return Optional.of(settings);
    }

    /** The work of a subject in the reference's own code. */
    record ReferenceSubject(ReferenceProcess process, Map<String, Object> model, Work work, int repeats)
            implements Subject {

        Answer ask() {
            Map<String, Object> question = new LinkedHashMap<>(model);
            question.put("work", work.name().toLowerCase(Locale.ROOT));
            question.put("repeats", repeats);
            question.put("length", GenerationSubject.LENGTH);
            return process.ask(question);
        }

        @Override
        public void round(Samples samples) {
            ask().ms().forEach(ms -> samples.add(Samples.TOTAL, ms));
        }

        /** The process forgets the model. */
        @Override
        public void close() {
            process.ask(Map.of("work", "forget"));
        }
    }
}
