package dev.switchlab.train;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.JsonNode;
import dev.switchlab.io.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Where a model sent each token of a fixed text after some step of its training.
 *
 * <p>As an artifact it is JSON, with a line per window of text and per window of a layer. An expert is a number in base
 * 36 of as many digits as the last expert needs, so that with one choice per token character i of a window stands above
 * digit i with up to 36 experts: {@code layers[2][5]} holds the experts of {@code text[5]} in the third sparse layer,
 * whose index in the transformer is {@code layer_numbers[2]}. Of several choices per token the first comes first. In
 * Python: {@code [int(w[i : i + d], 36) for w in layer for i in range(0, len(w), d)]}.
 *
 * @param step optimizer steps taken
 * @param experts experts per layer
 * @param choices experts that a token goes to
 * @param seqLen tokens per window
 * @param text the windows
 * @param layerNumbers index in the transformer by sparse layer
 * @param layers by sparse layer: each token's experts, window after window, before dropping
 */
public record RoutingSnapshot(
        int step,
        int experts,
        int choices,
        int seqLen,
        List<String> text,
        List<Integer> layerNumbers,
        List<int[]> layers) {

    private static final String FORMAT = "switchlab-routing-2";
    private static final Pattern PATH = Pattern.compile("routing/step-(\\d{6,9})\\.json");
    private static final int RADIX = 36;
    /** Checks that each layer has an expert for each token. */
    public RoutingSnapshot {
        require(step >= 0, "step is " + step + ", allowed: whole numbers from 0");
        require(experts >= 1, "experts is " + experts + ", allowed: whole numbers from 1");
        require(
                choices >= 1 && choices <= experts,
                "choices is " + choices + ", allowed: whole numbers from 1 to experts");
        requireSeqLen(seqLen);
        require(!text.isEmpty(), "text has no windows, allowed: one or more");
        require(!layers.isEmpty(), "layers is empty, allowed: one or more");
        text = List.copyOf(text);
        layers = List.copyOf(layers);
        layerNumbers = List.copyOf(layerNumbers);
        require(
                layerNumbers.size() == layers.size(),
                "there are " + layerNumbers.size() + " layer_numbers for " + layers.size() + " layers");
        for (int[] layer : layers) {
            require(
                    layer.length == (long) text.size() * seqLen * choices,
                    "a layer has " + layer.length + " experts, the text " + text.size() + " windows of " + seqLen
                            + " tokens with " + choices + " each");
            for (int expert : layer) {
                require(
                        expert >= 0 && expert < experts,
                        "there is an expert " + expert + ", allowed: 0 to " + (experts - 1));
            }
        }
    }

    /**
     * The part of a trace that says where its tokens went.
     *
     * @param seqLen tokens per window of the trace's text, which is whole windows
     */
    static RoutingSnapshot of(int step, int seqLen, RoutingTrace trace) {
        List<String> windows = new ArrayList<>();
        for (int from = 0; from < trace.tokens(); from += seqLen) {
            windows.add(new String(trace.text(), from, seqLen));
        }
        List<int[]> layers =
                trace.layers().stream().map(RoutingTrace.Layer::expert).toList();
        List<Integer> numbers =
                trace.layers().stream().map(RoutingTrace.Layer::layer).toList();
        return new RoutingSnapshot(step, trace.nExperts(), trace.choices(), seqLen, windows, numbers, layers);
    }

    /** The artifact's path. */
    public static String path(int step) {
        return String.format(Locale.ROOT, "routing/step-%06d.json", step);
    }

    /** The step in an artifact's path; empty if it is another artifact. */
    public static OptionalInt step(String path) {
        Matcher matcher = PATH.matcher(path);
        return matcher.matches() ? OptionalInt.of(Integer.parseInt(matcher.group(1))) : OptionalInt.empty();
    }

    /** Number of tokens. */
    public int tokens() {
        return text.size() * seqLen;
    }

    /** The artifact. */
    public String toJson() {
        int digits = digits(experts);
        List<List<String>> windows =
                layers.stream().map(layer -> write(layer, digits)).toList();
        DefaultPrettyPrinter lines = new DefaultPrettyPrinter();
        lines.indentArraysWith(DefaultIndenter.SYSTEM_LINEFEED_INSTANCE.withLinefeed("\n"));
        lines.indentObjectsWith(DefaultIndenter.SYSTEM_LINEFEED_INSTANCE.withLinefeed("\n"));
        try {
            return Json.MAPPER
                            .writer(lines)
                            .writeValueAsString(new Form(
                                    FORMAT, step, experts, choices, digits, seqLen, text, layerNumbers, windows))
                    + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("the routing cannot be written: " + e.getOriginalMessage(), e);
        }
    }

    private List<String> write(int[] layer, int digits) {
        List<String> windows = new ArrayList<>();
        StringBuilder window = new StringBuilder();
        for (int pair = 0; pair < layer.length; pair++) {
            String expert = Integer.toString(layer[pair], RADIX);
            window.append("0".repeat(digits - expert.length())).append(expert);
            if ((pair + 1) % (seqLen * choices) == 0) {
                windows.add(window.toString());
                window.setLength(0);
            }
        }
        return windows;
    }

    /**
     * Reads {@link #toJson}.
     *
     * @param source what a message calls the artifact
     * @throws IllegalArgumentException in one line, if it is something else
     */
    public static RoutingSnapshot ofJson(String json, String source) {
        try {
            JsonNode root = Json.MAPPER.readTree(json);
            String format = root.path("format").asText();
            require(format.equals(FORMAT), "its format is '" + format + "', allowed: '" + FORMAT + "'");
            return Json.MAPPER.treeToValue(root, Form.class).snapshot();
        } catch (JsonProcessingException e) {
            throw unreadable(source, e.getOriginalMessage().replaceAll("\\s*\\R\\s*", " "), e);
        } catch (IllegalArgumentException e) {
            throw unreadable(source, e.getMessage(), e);
        }
    }

    private static IllegalArgumentException unreadable(String source, String reason, Exception cause) {
        return new IllegalArgumentException(source + ": not the routing of a run: " + reason, cause);
    }

    private static int digits(int experts) {
        return Integer.toString(experts - 1, RADIX).length();
    }

    private static void requireSeqLen(int seqLen) {
        require(seqLen >= 1, "seq_len is " + seqLen + ", allowed: whole numbers from 1");
    }

    private static void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new IllegalArgumentException(otherwise);
        }
    }

    /** The artifact, field by field. */
    @JsonPropertyOrder({"format", "step", "experts", "choices", "digits", "seq_len", "text", "layer_numbers", "layers"})
    private record Form(
            String format,
            int step,
            int experts,
            int choices,
            int digits,
            @JsonProperty("seq_len") int seqLen,
            List<String> text,
            @JsonProperty("layer_numbers") List<Integer> layerNumbers,
            List<List<String>> layers) {

        RoutingSnapshot snapshot() {
            require(
                    experts >= 1 && digits == RoutingSnapshot.digits(experts),
                    "experts is " + experts + " and digits is " + digits + "; 36 experts need one digit, 37 need two");
            requireSeqLen(seqLen);
            return new RoutingSnapshot(
                    step,
                    experts,
                    choices,
                    seqLen,
                    text,
                    layerNumbers,
                    layers.stream().map(this::read).toList());
        }

        private int[] read(List<String> windows) {
            long length = (long) seqLen * choices * digits;
            IntStream.Builder layer = IntStream.builder();
            for (String window : windows) {
                require(
                        window.length() == length,
                        "a window of a layer has " + window.length() + " digits, allowed: " + length);
                for (int i = 0; i < window.length(); i += digits) {
                    layer.add(expert(window.substring(i, i + digits)));
                }
            }
            return layer.build().toArray();
        }

        private static int expert(String number) {
            require(number.matches("[0-9a-z]+"), "'" + number + "' is no expert, allowed: digits 0 to 9 and a to z");
            return Integer.parseInt(number, RADIX);
        }
    }
}
