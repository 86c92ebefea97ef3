# Has Mail::DKIM verify messages, one after another in one process.
#
# Usage: perl mail_dkim.pl PORT MESSAGE...
# Asks the name server on that port of 127.0.0.1. Prints a line per message: "pass", "fail", "none" and the like.

use strict;
use warnings;

use Mail::DKIM::DNS;
use Mail::DKIM::Verifier;
use Net::DNS::Resolver;

my ($port, @messages) = @ARGV;

Mail::DKIM::DNS::resolver(Net::DNS::Resolver->new(nameservers => ['127.0.0.1'], port => $port));

foreach my $place (@messages) {
    open my $file, '<:raw', $place or die "$place: $!\n";
    my $verifier = Mail::DKIM::Verifier->new();
    $verifier->PRINT(do { local $/; <$file> });
    $verifier->CLOSE();
    print $verifier->result(), "\n";
}
