package dev.switchlab.experiment;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * A setting's defaults, bounds and example, at its record component. The component gives name and type, its Javadoc the
 * meaning. Values are texts as experiment files have them.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
@interface Setting {
    /** The default; {@code =model.dropout} for the value of that setting, which stands before this one. */
    String value() default "";

    /** The default with {@code semantics: reference}, where that is another one. */
    String reference() default "";

    /** The default with {@code train.optimizer: noam}, where that is another one. */
    String noam() default "";

    /**
     * The value that turns a setting off which came after the first runs were recorded: records without the setting are
     * read with this value. The default, too, in place of {@link #value}.
     */
    String older() default "";

    /** The interval of allowed numbers, as in {@code [0, 1)} or {@code (0, inf)}. */
    String in() default "";

    /** What numbers of the interval are, for messages: {@code a share of the peak}. */
    String unit() default "";

    /** What messages show as an example, where the default is none. */
    String example() default "";
}
