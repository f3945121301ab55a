package dev.switchlab.tracking.store;

import java.util.List;
import java.util.random.RandomGenerator;

/** Names for runs that come without one, in MLflow's adjective-noun-number shape. */
final class RunNames {
    private static final List<String> ADJECTIVES = List.of(
            "able", "bold", "brisk", "calm", "candid", "clever", "crisp", "daring", "dapper", "eager", "exact", "fair",
            "fleet", "gentle", "grand", "honest", "keen", "kind", "lively", "lucid", "merry", "mild", "nimble", "noble",
            "patient", "placid", "plucky", "polite", "proud", "quick", "quiet", "rare", "serene", "silent", "sincere",
            "sleek", "steady", "sunny", "tidy", "valiant", "vivid", "wise", "witty", "zesty");
    private static final List<String> NOUNS = List.of(
            "auk", "badger", "bee", "bison", "crane", "crow", "deer", "dove", "eel", "elk", "falcon", "finch", "fox",
            "gnu", "goose", "grouse", "hare", "heron", "ibis", "jay", "kite", "koala", "lark", "lynx", "marten", "mole",
            "moth", "newt", "otter", "owl", "panda", "perch", "quail", "raven", "robin", "seal", "shrew", "snipe",
            "stoat", "swan", "tern", "toad", "vole", "wren");

    private RunNames() {}

    /** A name such as {@code quiet-heron-412}. */
    static String random() {
        RandomGenerator random = RandomGenerator.getDefault();
        return ADJECTIVES.get(random.nextInt(ADJECTIVES.size())) + "-" + NOUNS.get(random.nextInt(NOUNS.size())) + "-"
                + random.nextInt(1000);
    }
}
