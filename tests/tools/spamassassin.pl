# Has SpamAssassin judge messages, one after another in one process, because its start takes seconds.
#
# Usage: perl spamassassin.pl RULES CONFIGURATION STATE MESSAGE...
# Prints a line per message: its score, then NAME=score for each rule that hit, parted by blanks.

use strict;
use warnings;

use Mail::SpamAssassin;

my ($rules, $configuration, $state, @messages) = @ARGV;

my $examiner = Mail::SpamAssassin->new({
    rules_filename      => $rules,
    site_rules_filename => $configuration,
    userstate_dir       => $state,
    home_dir_for_helpers => $state,
    dont_copy_prefs     => 1,
    local_tests_only    => 0,
});
$examiner->init(0);

foreach my $place (@messages) {
    open my $file, '<:raw', $place or die "$place: $!\n";
    my $message = $examiner->parse($file);
    my $status  = $examiner->check($message);
    my $scores  = $status->get_names_of_tests_hit_with_scores_hash();
    print join(' ', $status->get_score(), map { "$_=$scores->{$_}" } sort keys %$scores), "\n";
    $status->finish();
    $message->finish();
}
