package dev.switchlab.experiment;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.cfg.EnumFeature;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.google.common.base.Throwables;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** All settings, read off the components of {@link Experiment}: from texts to records and back. */
final class Settings {
    /** By dotted key, in file order; sections stand last, each before its settings. */
    private static final Map<String, Declared> ALL = new LinkedHashMap<>();

    static {
        declare("", Experiment.class);
    }

    private static final Pattern WHOLE = Pattern.compile("[-+]?\\d+(_\\d+)*");
    private static final Pattern NUMBER = Pattern.compile("[-+]?(\\d+(_\\d+)*\\.?\\d*|\\.\\d+)([eE][-+]?\\d+)?");

    /** Values that runs recorded before they were one with another value. */
    private static final Map<String, String> RENAMED = Map.of("model.dispatch=batched", "fused");

    private static final ObjectMapper MAPPER = YAMLMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
            .enable(EnumFeature.WRITE_ENUMS_TO_LOWERCASE)
            .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
            .disable(YAMLGenerator.Feature.SPLIT_LINES)
            .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
            .enable(YAMLGenerator.Feature.LITERAL_BLOCK_STYLE)
            .build();

    private Settings() {}

    private static void declare(String section, Class<?> type) {
        for (RecordComponent component : type.getRecordComponents()) {
            String key = section + snake(component);
            ALL.put(key, new Declared(key, component.getType(), component.getAnnotation(Setting.class)));
            if (component.getType().isRecord()) {
                declare(key + ".", component.getType());
            }
        }
    }

    /**
     * The experiment of the given settings over the defaults. What is wrong is thrown with the place where the wrong
     * setting was written.
     */
    static Experiment bind(Map<String, Given> given) {
        given.forEach((key, value) -> {
            if (!ALL.containsKey(key)) {
                throw new ExperimentException(
                        key,
                        "%s: %s is not a setting%s".formatted(value.place(), key, Suggestion.of(key, ALL.keySet())));
            }
        });
        Map<String, Given> all = complete(given);
        try {
            Map<String, Object> tree = new LinkedHashMap<>();
            Map<String, Object> section = tree;
            for (Declared declared : ALL.values()) {
                Given value = all.get(declared.key());
                if (declared.type().isRecord()) {
                    requireNoText(declared.key(), value);
                    section = new LinkedHashMap<>();
                    tree.put(declared.key(), section);
                } else if (value != null) {
                    section.put(declared.key().replaceFirst(".*\\.", ""), declared.parse(value.text()));
                }
            }
            return MAPPER.convertValue(tree, Experiment.class);
        } catch (ExperimentException | IllegalArgumentException e) {
            if (Throwables.getRootCause(e) instanceof ExperimentException refused) {
                throw refused.key()
                        .map(all::get)
                        .map(value -> refused.at(value.place()))
                        .orElse(refused);
            }
            throw new IllegalStateException("experiment records and settings disagree: " + e.getMessage(), e);
        }
    }

    /**
     * The given settings, and the defaults of all others.
     *
     * @param given must name {@code semantics}
     */
    private static Map<String, Given> complete(Map<String, Given> given) {
        String semantics = text(given, "semantics");
        if (semantics == null) {
            throw new ExperimentException(
                    "semantics",
                    "semantics is missing; allowed: " + String.join(", ", names(Semantics.class))
                            + "; example: semantics: paper");
        }
        boolean reference = semantics.equals("reference");
        // The Noam schedule comes with its optimizer, and with it what a learning rate means.
        boolean noam = given.containsKey("train.optimizer") ? "noam".equals(text(given, "train.optimizer")) : reference;
        Map<String, Given> all = new LinkedHashMap<>();
        ALL.forEach((key, declared) -> {
            String standard = declared.standard(reference, noam);
            if (given.containsKey(key)) {
                all.put(key, given.get(key));
            } else if (standard.startsWith("=")) {
                all.put(key, all.get(standard.substring(1)));
            } else if (!standard.isEmpty()) {
                all.put(key, new Given(standard, "the defaults of " + semantics));
            }
        });
        return all;
    }

    private static String text(Map<String, Given> given, String key) {
        return given.containsKey(key) ? given.get(key).text() : null;
    }

    /** The settings of an experiment as if given, without those at a default that is the value of another setting. */
    static Map<String, Given> given(Experiment experiment) {
        Map<String, String> texts = texts(experiment);
        Map<String, Given> given = new LinkedHashMap<>();
        texts.forEach((key, text) -> {
            String standard = ALL.get(key).standard(experiment.semantics() == Semantics.REFERENCE, false);
            if (!standard.startsWith("=") || !text.equals(texts.get(standard.substring(1)))) {
                given.put(key, new Given(text, "experiment " + experiment.id()));
            }
        });
        return given;
    }

    /** Values of {@link Setting#older}, by dotted key. */
    static Map<String, String> older() {
        Map<String, String> older = new LinkedHashMap<>();
        ALL.forEach((key, declared) -> older.put(key, declared.text(Setting::older)));
        older.values().removeIf(String::isEmpty);
        return older;
    }

    private static void requireNoText(String section, Given value) {
        // "model:" with nothing below it is an empty section, which is no mistake.
        if (value != null && value.text() != null) {
            String first = ALL.keySet().stream()
                    .filter(key -> key.startsWith(section + "."))
                    .findFirst()
                    .orElseThrow();
            throw new ExperimentException(
                    section,
                    "%s is \"%s\"; allowed: a section of indented settings or one as in %s=..."
                            .formatted(section, value.text(), first));
        }
    }

    /** The file of an experiment. */
    static String write(Experiment experiment) {
        try {
            return MAPPER.writeValueAsString(experiment);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("experiment cannot be written as YAML: " + e.getOriginalMessage(), e);
        }
    }

    /** The texts of all settings, in file order. */
    static Map<String, String> texts(Experiment experiment) {
        JsonNode tree = MAPPER.valueToTree(experiment);
        Map<String, String> texts = new LinkedHashMap<>();
        ALL.forEach((key, declared) -> {
            JsonNode node = tree.at("/" + key.replace('.', '/'));
            if (!node.isObject()) {
                texts.put(key, node.asText());
            }
        });
        return texts;
    }

    /**
     * Checks a value against what its component declares, and all of a section: a record made in code, too, has to be
     * one that a file could give.
     */
    static void check(String key, Object value) {
        if (value instanceof Record section) {
            for (RecordComponent component : section.getClass().getRecordComponents()) {
                try {
                    check(key + "." + snake(component), component.getAccessor().invoke(section));
                } catch (ReflectiveOperationException e) {
                    throw new IllegalStateException(e);
                }
            }
        } else {
            ALL.get(key).check(value);
        }
    }

    /** Throws unless {@code ok}; the message names the setting, its value, what is allowed and an example. */
    static void require(boolean ok, String key, Object value, String allowed, Object example) {
        if (!ok) {
            throw refused(key, "is " + value, allowed, String.valueOf(example));
        }
    }

    private static ExperimentException refused(String key, String problem, String allowed, String example) {
        String shown = example.isEmpty() ? "" : "; example: " + key + "=" + example;
        return new ExperimentException(key, "%s %s; allowed: %s%s".formatted(key, problem, allowed, shown));
    }

    /** A constant's name as files spell it. */
    static String name(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    private static List<String> names(Class<?> type) {
        return Arrays.stream(type.getEnumConstants())
                .map(constant -> name((Enum<?>) constant))
                .toList();
    }

    private static String snake(RecordComponent component) {
        return component.getName().replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
    }

    /** What the records declare of a setting or a section; {@code setting} is null where there is no default. */
    private record Declared(String key, Class<?> type, Setting setting) {

        String text(Function<Setting, String> element) {
            return setting == null ? "" : element.apply(setting);
        }

        /** The default; empty for none. */
        String standard(boolean reference, boolean noam) {
            return Stream.of(
                            noam ? text(Setting::noam) : "",
                            reference ? text(Setting::reference) : "",
                            text(Setting::value))
                    .filter(text -> !text.isEmpty())
                    .findFirst()
                    .orElse(text(Setting::older));
        }

        /** The value that a text means. */
        Object parse(String text) {
            if (text == null) {
                throw refused("has no value", kind());
            }
            if (!choices().isEmpty()) {
                String name = RENAMED.getOrDefault(key + "=" + text, text);
                if (!choices().contains(name)) {
                    throw wrong(text, Suggestion.of(name, choices()));
                }
                return name;
            }
            if (type == String.class) {
                return text;
            }
            Number number = number(text);
            check(number);
            return number;
        }

        private Number number(String text) {
            if (!(type == double.class ? NUMBER : WHOLE).matcher(text).matches()) {
                throw wrong(text, "");
            }
            String digits = text.replace("_", "");
            if (type == double.class) {
                return Double.valueOf(digits);
            }
            try {
                return type == int.class ? (Number) Integer.valueOf(digits) : Long.valueOf(digits);
            } catch (NumberFormatException e) {
                throw wrong(
                        text,
                        type == int.class
                                ? " from " + Integer.MIN_VALUE + " to " + Integer.MAX_VALUE
                                : " from " + Long.MIN_VALUE + " to " + Long.MAX_VALUE);
            }
        }

        void check(Object value) {
            if (value == null) {
                throw refused("is missing", kind());
            }
            String interval = text(Setting::in);
            if (!interval.isEmpty() && !Interval.of(interval).contains(((Number) value).doubleValue())) {
                String unit = text(Setting::unit).isEmpty() ? "" : ", " + text(Setting::unit);
                throw refused("is " + value, Interval.of(interval).text(kind()) + unit);
            }
        }

        private List<String> choices() {
            return type.isEnum() ? names(type) : type == boolean.class ? List.of("true", "false") : List.of();
        }

        private String kind() {
            return !choices().isEmpty()
                    ? String.join(", ", choices())
                    : type == String.class ? "text" : type == double.class ? "finite numbers" : "whole numbers";
        }

        private ExperimentException wrong(String text, String more) {
            return refused("is \"" + text + '"', kind() + more);
        }

        private ExperimentException refused(String problem, String allowed) {
            String example = text(Setting::example);
            return Settings.refused(key, problem, allowed, example.isEmpty() ? standard(false, false) : example);
        }
    }

    /** From {@code low} to {@code high}; {@code inf} as the end makes all finite numbers from {@code low} on. */
    private record Interval(boolean closedLow, String low, String high, boolean closedHigh) {
        private static final Pattern FORM = Pattern.compile("([\\[(])(\\S+), (\\S+)([])])");

        static Interval of(String text) {
            Matcher form = FORM.matcher(text);
            if (!form.matches()) {
                throw new IllegalStateException(text + " is no interval");
            }
            return new Interval(
                    form.group(1).equals("["),
                    form.group(2),
                    form.group(3),
                    form.group(4).equals("]"));
        }

        boolean contains(double value) {
            double from = Double.parseDouble(low);
            double to = high.equals("inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(high);
            return (closedLow ? value >= from : value > from) && (closedHigh ? value <= to : value < to);
        }

        String text(String kind) {
            String start = (closedLow ? "from " : "above ") + low;
            if (high.equals("inf")) {
                return kind + " " + start;
            }
            return start + (closedLow ? " to " : " and ") + (closedHigh ? closedLow ? "" : "up to " : "below ") + high;
        }
    }
}
