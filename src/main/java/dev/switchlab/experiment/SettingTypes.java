package dev.switchlab.experiment;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.reflect.RecordComponent;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/** What settings there are and of which type, read off the records; turns texts into typed values. */
final class SettingTypes {
    private static final Pattern WHOLE = Pattern.compile("[-+]?\\d+(_\\d+)*");
    private static final Pattern NUMBER = Pattern.compile("[-+]?(\\d+(_\\d+)*\\.?\\d*|\\.\\d+)([eE][-+]?\\d+)?");

    private static final Map<String, Class<?>> TYPES = types();

    private SettingTypes() {}

    /** Throws for the first unknown key. */
    static void checkKeys(Map<String, Setting> settings) {
        settings.forEach((key, setting) -> {
            if (!TYPES.containsKey(key)) {
                throw new ExperimentException(
                        key,
                        "%s: %s is not a setting%s"
                                .formatted(setting.place(), key, Suggestion.of(key, TYPES.keySet())));
            }
        });
    }

    /**
     * Converts every value to the type of its setting; throws for the first that does not fit.
     *
     * @param settings known keys only
     * @param examples values to show as an example when the type is wrong
     */
    static ObjectNode tree(Map<String, Setting> settings, Map<String, Setting> examples) {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        settings.forEach((key, setting) -> {
            Class<?> type = TYPES.get(key);
            if (type.isRecord()) {
                checkSection(key, setting);
                return;
            }
            int dot = key.indexOf('.');
            ObjectNode section = dot < 0 ? root : root.withObjectProperty(key.substring(0, dot));
            put(section, key.substring(dot + 1), type, new Value(key, setting, examples.get(key)));
        });
        return root;
    }

    private static void checkSection(String key, Setting setting) {
        // "model:" with nothing below it is an empty section, which is no mistake.
        if (setting.text() != null) {
            throw new ExperimentException(
                    key,
                    "%s: %s is \"%s\"; allowed: a section of indented settings or one as in %s=..."
                            .formatted(setting.place(), key, setting.text(), firstOf(key)));
        }
    }

    private static String firstOf(String section) {
        return TYPES.keySet().stream()
                .filter(key -> key.startsWith(section + "."))
                .findFirst()
                .orElseThrow();
    }

    private static void put(ObjectNode section, String name, Class<?> type, Value value) {
        if (type == int.class) {
            section.put(name, (int) value.whole(Integer.MIN_VALUE, Integer.MAX_VALUE));
        } else if (type == long.class) {
            section.put(name, value.whole(Long.MIN_VALUE, Long.MAX_VALUE));
        } else if (type == double.class) {
            section.put(name, value.number());
        } else if (type == boolean.class) {
            section.put(name, value.truth());
        } else if (type.isEnum()) {
            section.put(name, value.choice(type));
        } else {
            section.put(name, value.text());
        }
    }

    private static Map<String, Class<?>> types() {
        Map<String, Class<?>> types = new LinkedHashMap<>();
        for (RecordComponent component : Experiment.class.getRecordComponents()) {
            String key = Names.snake(component.getName());
            types.put(key, component.getType());
            if (component.getType().isRecord()) {
                for (RecordComponent inner : component.getType().getRecordComponents()) {
                    types.put(key + "." + Names.snake(inner.getName()), inner.getType());
                }
            }
        }
        return types;
    }

    /** Values that runs recorded before they were one with another value. */
    private static final Map<String, String> RENAMED = Map.of("model.dispatch=batched", "fused");

    /** One setting on its way from text to a typed value. */
    private record Value(String key, Setting setting, Setting example) {

        String text() {
            return required("text");
        }

        long whole(long least, long most) {
            String text = required("whole numbers");
            if (!WHOLE.matcher(text).matches()) {
                throw wrong("whole numbers");
            }
            try {
                long value = Long.parseLong(text.replace("_", ""));
                if (value >= least && value <= most) {
                    return value;
                }
            } catch (NumberFormatException e) {
                // More digits than a long has: out of range, as below.
            }
            throw wrong("whole numbers from " + least + " to " + most);
        }

        double number() {
            String text = required("numbers");
            if (!NUMBER.matcher(text).matches()) {
                throw wrong("finite numbers");
            }
            return Double.parseDouble(text.replace("_", ""));
        }

        boolean truth() {
            String text = required("true, false");
            if (!text.equals("true") && !text.equals("false")) {
                throw wrong("true, false");
            }
            return text.equals("true");
        }

        String choice(Class<?> type) {
            Class<? extends Enum<?>> choices = enumType(type);
            String written = required(Names.list(choices));
            String text = RENAMED.getOrDefault(key + "=" + written, written);
            if (!Names.all(choices).contains(text)) {
                throw wrong(Names.list(choices) + Suggestion.of(text, Names.all(choices)));
            }
            return text;
        }

        @SuppressWarnings("unchecked") // Guarded by isEnum at the caller.
        private static Class<? extends Enum<?>> enumType(Class<?> type) {
            return (Class<? extends Enum<?>>) type;
        }

        private String required(String allowed) {
            if (setting.text() == null) {
                throw problem("has no value", allowed);
            }
            return setting.text();
        }

        private ExperimentException wrong(String allowed) {
            return problem("is \"" + setting.text() + '"', allowed);
        }

        private ExperimentException problem(String what, String allowed) {
            String shown = example == null ? "" : "; example: " + key + "=" + example.text();
            return new ExperimentException(
                    key, "%s: %s %s; allowed: %s%s".formatted(setting.place(), key, what, allowed, shown));
        }
    }
}
