package dev.switchlab.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.switchlab.io.Json;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
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

    private ReferenceProcess(String python, int threads, int rows, int in, int out) {
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

    /**
     * Starts it, and has it time a product (rows, in) x (in, out).
     *
     * @param python the interpreter; what it imports is told by PYTHONPATH
     * @throws IllegalArgumentException in one line, if it does not start, or says that it cannot be used
     */
    static ReferenceProcess start(String python, int threads, int rows, int in, int out) {
        return new ReferenceProcess(python, threads, rows, in, out);
    }

    /** What it is. */
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

    /** One turn of {@code question}. */
    Answer ask(Map<String, Object> question) {
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
}
